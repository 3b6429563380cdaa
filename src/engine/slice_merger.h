// SliceMerger: the results of windows that have several slices, by key. Each key that has slices
// has a row in a scratch table, which is no state: a window's slices are merged there, without a
// hash for each, since every row of state remembers its key's row.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "memory_of.h"
#include "state/keyed_table.h"
#include "window_aggregates.h"

namespace dataflow::engine {

class SliceMerger {
 public:
  explicit SliceMerger(WindowAggregates& aggregates);

  // Rows that are new in the state, and one that is about to leave it.
  void on_made(state::KeyedTable& state, std::span<const state::RowNumber> rows);
  void on_erase(state::RowNumber row);

  // What comes is of another window.
  void begin();
  // The rows of one slice.
  Status add(state::KeyedTable& state, std::span<const state::RowNumber> rows);
  // Rows of table(): the keys of the window, each once.
  std::span<const state::RowNumber> groups() const { return groups_; }

  // Its own rows have the number 0.
  state::KeyedTable& table() { return scratch_; }
  // By row of state: its key's row in table().
  const std::vector<state::RowNumber>& key_of() const { return key_of_; }
  size_t memory_bytes() const {
    return scratch_.memory_bytes() + memory_of(key_of_) + memory_of(uses_) + memory_of(window_of_);
  }

 private:
  WindowAggregates& aggregates_;
  state::KeyedTable scratch_;
  std::vector<state::RowNumber> key_of_;  // by row of state
  std::vector<uint32_t> uses_;            // by row of scratch: rows of state
  std::vector<uint64_t> window_of_;       // by row of scratch: whose merged values it has
  uint64_t window_ = 0;
  std::vector<state::RowNumber> groups_;
  // Used again.
  std::vector<uint64_t> hashes_;
  std::vector<std::string_view> keys_;
  std::vector<int64_t> numbers_;
  std::vector<state::RowNumber> to_;
};

}  // namespace dataflow::engine
