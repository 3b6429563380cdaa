// RowsBehind: rows that have left, kept as state for later ones of their keys that look back at
// them: so many of each key, and those of so much time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/operator.h"
#include "state/keyed_table.h"

namespace dataflow::engine {

class RowsBehind {
 public:
  using Row = state::RowNumber;
  struct Entry {
    int64_t micros;
    Row row;
  };

  RowsBehind(int64_t rows, std::optional<int64_t> millis)
      : most_(rows), millis_(millis), keys_({"keys", 1, {}}) {}

  bool keeps_any() const { return most_ > 0 || millis_; }
  Status open(OperatorContext& context, const std::string& table);

  // Of a key, in their order. Stays until rows of any key come or go.
  std::span<const Entry> of(uint64_t hash, std::string_view key) const;
  std::string_view bytes(Row row) const { return table_->bytes(kRow)[row]; }
  // Behind those that the key has.
  void add(uint64_t hash, std::string_view key, int64_t micros, std::string_view bytes);
  // Behind the last add() to a key: what nobody looks back at any more goes.
  void trim(uint64_t hash, std::string_view key, Watermark watermark);
  // The same of all keys whose rows are too old now.
  void expire(Watermark watermark);

  size_t memory_bytes() const;  // beside the table

 private:
  static constexpr size_t kMicros = 0;
  static constexpr size_t kRow = 1;
  struct Lane {
    std::vector<Entry> entries;
    size_t head = 0;             // what lies before it is gone
    int64_t moment = INT64_MAX;  // at which it is to be looked at; INT64_MAX: never

    size_t size() const { return entries.size() - head; }
  };
  struct Due {
    int64_t moment;
    Row key;
    bool operator>(const Due& other) const { return moment > other.moment; }
  };

  Lane& lane_of(uint64_t hash, std::string_view key, Row& number);
  // The first watermark at which nobody that comes behind it looks so far back.
  int64_t moment_of(const Entry& entry) const;
  void trim_lane(Row key, Watermark watermark);

  const int64_t most_;
  const std::optional<int64_t> millis_;
  state::KeyedTable* table_ = nullptr;
  int64_t next_number_ = 0;
  state::KeyedTable keys_;
  std::vector<Lane> lanes_;  // by key
  std::vector<Due> due_;     // a heap, the earliest on top; what no longer holds is passed over
};

}  // namespace dataflow::engine
