// SessionIndex: the sessions of each key, the latest first, over rows of a KeyedTable; and when
// which of them is next to be looked at. Not state: made anew from it. Arrays over row numbers, so
// that a row of input costs one look-up of its key and no memory of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "memory_of.h"
#include "state/keyed_table.h"

namespace dataflow::engine {

class SessionIndex {
 public:
  using Row = state::RowNumber;
  static constexpr Row kNone = UINT32_MAX;

  SessionIndex() : keys_({"keys", 1, {}}) {}

  // A number for each key, `keys`; valid until drop_unused(), or until its last session is removed.
  void find_keys(std::span<const uint64_t> hashes, std::span<const std::string_view> keys,
                 std::vector<Row>& found);
  // Forgets the keys of the last find_keys() that have no session.
  void drop_unused();

  Row first(Row key) const { return first_[key]; }
  void prefetch_first(Row key) const { __builtin_prefetch(&first_[key]); }
  void prefetch(Row session) const { __builtin_prefetch(&links_[session]); }
  Row next(Row session) const { return links_[session].next; }
  Row key_of(Row session) const { return links_[session].key; }
  // Behind `before`, which is kNone for the first.
  void insert(Row key, Row before, Row session);
  void remove(Row session);

  // The session is to be looked at when time reaches `moment`; forgets an earlier word of it.
  void look_at(Row session, int64_t moment);
  int64_t moment_of(Row session) const { return links_[session].moment; }
  // Takes one that is due at `time`; kNone: there is none.
  Row take_due(int64_t time);
  // The one that take_due() would give first; kNone: there is none.
  Row next_due();
  // No session is due before it.
  std::optional<int64_t> next_moment() const;

  size_t memory_bytes() const {
    return keys_.memory_bytes() + memory_of(first_) + memory_of(links_) + memory_of(due_);
  }

 private:
  struct Link {
    Row next = kNone;
    Row key = kNone;
    int64_t moment = INT64_MAX;  // INT64_MAX: none
  };
  struct Due {
    int64_t moment;
    Row session;
    bool operator>(const Due& other) const { return moment > other.moment; }
  };

  void pop_due();

  state::KeyedTable keys_;
  std::vector<Row> first_;  // by key
  std::vector<Link> links_;
  std::vector<Due>
      due_;  // a heap, the earliest on top; entries that no longer hold are passed over
  std::vector<int64_t> zeros_;
  std::vector<Row> made_;
};

}  // namespace dataflow::engine
