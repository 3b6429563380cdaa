// VersionIndex: of each key the rows of state that stood one after the other, by the times from
// which on they stand. Not state: made anew from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/operator.h"
#include "state/keyed_table.h"

namespace dataflow::engine {

class VersionIndex {
 public:
  using Row = state::RowNumber;

  VersionIndex() : keys_({"keys", 1, {}}) {}

  // A row stands from its time on until the next; a key has one at a time.
  void put(uint64_t hash, std::string_view key, int64_t micros, Row row);
  // What stands at that time, or right before it.
  std::optional<Row> find(uint64_t hash, std::string_view key, int64_t micros,
                          bool strictly_before) const;
  // Of a key: its row that was taken back last, if nothing was said of the key since; or kNone.
  static constexpr Row kNone = UINT32_MAX;
  Row& taken_back(uint64_t hash, std::string_view key);
  // Takes out what was followed by another at or before the watermark: nobody asks for it behind
  // that.
  void take_replaced(Watermark watermark, std::vector<Row>& rows);

  size_t memory_bytes(size_t rows) const;

 private:
  struct Version {
    int64_t micros;
    Row row;
  };
  struct Due {
    int64_t millis;  // when a version is followed by another
    Row key;
    bool operator>(const Due& other) const { return millis > other.millis; }
  };

  struct Lane {
    std::vector<Version> versions;  // by time
    Row taken_back = kNone;
  };

  Row number_of(uint64_t hash, std::string_view key);

  state::KeyedTable keys_;
  std::vector<Lane> lanes_;  // by key
  std::vector<Due> due_;     // a heap, the earliest on top
};

}  // namespace dataflow::engine
