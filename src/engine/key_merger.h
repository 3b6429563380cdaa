// KeyMerger: results of one key in windows that have several slices, merged in the very order in
// which all keys are when a window fires (SliceMerger, HopMerger): sums of floats are then the same
// to the last bit, so that what is taken back is what has left.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "state/keyed_table.h"
#include "window_aggregates.h"

namespace dataflow::engine {

class KeyMerger {
 public:
  using Row = state::RowNumber;

  // On rows of `table`, which is no state, under the numbers from 1 on.
  KeyMerger(WindowAggregates& aggregates, state::KeyedTable& table)
      : aggregates_(aggregates), table_(table) {}

  // A row of the table with what the key's slices (rows of state, by time, at least one) make
  // together; it stays until clear(). As SliceMerger does it, or as HopMerger: then so many of the
  // first slices lie in its block.
  Result<Row> merge(state::KeyedTable& state, std::span<const Row> slices,
                    std::optional<size_t> in_block);
  void clear();

 private:
  Row make_row(state::KeyedTable& state, Row slice);
  Status add(Row to, state::KeyedTable& table, Row from);
  Result<Row> merge_forward(state::KeyedTable& state, std::span<const Row> slices);
  Result<Row> merge_backward(state::KeyedTable& state, std::span<const Row> slices);

  WindowAggregates& aggregates_;
  state::KeyedTable& table_;
  std::vector<Row> rows_;
  std::vector<Row> to_;  // used again
};

}  // namespace dataflow::engine
