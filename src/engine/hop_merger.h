// HopMerger: the results of hopping windows that have many slices, by key, at the cost of a few
// merges for each key and window, whatever the number of slices.
//
// Windows are taken in groups: the first of a group is a *block* of slices, and the others begin
// within it. A window is then the end of a block (kept for each of its slices, merged from the back
// once for each group) and what has come behind the block (merged as it comes). Groups are cut at
// fixed moments, so that results do not hang on when a job was started.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "memory_of.h"
#include "state/keyed_table.h"
#include "window_aggregates.h"
#include "window_slices.h"

namespace dataflow::engine {

class HopMerger {
 public:
  using Row = state::RowNumber;
  using RowsOfSlices = std::map<int64_t, std::vector<Row>>;  // by slice end

  // `table` has a row for each key, whose number `key_of` tells of every row of state.
  HopMerger(WindowAggregates& aggregates, const Slices& slices, state::KeyedTable& table,
            const std::vector<Row>& key_of);

  // The rows of `table` that have the window's results, each key once.
  Status merge(state::KeyedTable& state, const RowsOfSlices& rows, int64_t window);
  std::span<const Row> groups() const { return groups_; }
  // A row has come into a slice that ends there.
  void on_row(int64_t slice_end) {
    if (slice_end <= merged_to_) stale_ = true;
  }
  // Slices up to this end are about to leave the state.
  void on_drop(int64_t slice_end) { leave_slices(slice_end); }
  size_t memory_bytes() const {
    return parts_.memory_bytes() + memory_of(part_rows_) + parts_used_ * sizeof(Part) +
           memory_of(by_key_) + memory_of(keys_);
  }

 private:
  static constexpr Row kNone = UINT32_MAX;

  // What the block's slices from one on have of a key: a row of parts_.
  struct Part {
    Row key;
    Row row;
    Row before;  // of the slices behind it
  };
  struct BlockSlice {
    int64_t end;
    std::vector<Part> parts;
  };
  struct Key {
    Row end_of_block = kNone;
    Row behind_block = kNone;
    bool listed = false;  // in keys_
  };

  Status begin_group(state::KeyedTable& state, const RowsOfSlices& rows, WindowBounds block,
                     int64_t from);
  Status merge_behind(state::KeyedTable& state, const RowsOfSlices& rows, int64_t to);
  void leave_slices(int64_t up_to);
  Status gather();
  Key& key_at(Row key);
  Row take_part();
  void clear();

  WindowAggregates& aggregates_;
  const Slices& slices_;
  state::KeyedTable& table_;
  const std::vector<Row>& key_of_;

  state::KeyedTable parts_;     // rows are made once and used again
  std::vector<Row> part_rows_;  // all of them
  size_t parts_used_ = 0;
  std::vector<BlockSlice> block_;  // the earliest slice last
  std::vector<Key> by_key_;
  std::vector<Row> keys_;  // those that may be in the window
  int64_t group_ = 0;
  int64_t merged_to_ = INT64_MIN;  // INT64_MIN: nothing is merged
  bool stale_ = false;
  std::vector<Row> groups_;
  std::vector<Row> from_, to_, parts_from_, parts_to_;  // used again
};

}  // namespace dataflow::engine
