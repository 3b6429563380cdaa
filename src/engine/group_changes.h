// GroupChanges: the rows that leave a group aggregation: those of groups as they were before a
// batch, and what became of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "column_writer.h"
#include "engine/operator.h"
#include "state/keyed_table.h"
#include "types/batch.h"
#include "window_aggregates.h"

namespace dataflow::engine {

class GroupChanges {
 public:
  // Of rows with so many columns of a key, and aggregates behind them.
  GroupChanges(SchemaPtr output, size_t keys);

  // First the rows of the groups that stand, as they are before the batch.
  Status put_before(const WindowAggregates& aggregates, state::KeyedTable& table,
                    std::span<const state::RowNumber> groups);
  // Then those of the groups that stand behind it.
  Status put_after(const WindowAggregates& aggregates, state::KeyedTable& table,
                   std::span<const state::RowNumber> groups);
  // What became of a group: where its row stands in the two lists; kNone: in none.
  struct Change {
    state::RowNumber group;
    uint32_t before, after;
  };
  static constexpr uint32_t kNone = UINT32_MAX;
  // `refresh`: also a row that is what it was leaves, as -U and +U.
  Status emit(const state::KeyedTable& table, std::span<const Change> changes, bool refresh,
              Collector& out);

 private:
  Status put(const WindowAggregates& aggregates, state::KeyedTable& table,
             std::span<const state::RowNumber> groups);
  void list_rows(std::span<const Change> changes, bool refresh);
  void find_differences(const ColumnPtr& column, std::span<const Change> changes);
  void add_row(state::RowNumber group, size_t row, RowKind kind);

  const SchemaPtr schema_;
  std::vector<ColumnWriter> writers_;  // of all columns
  std::vector<size_t> key_columns_;
  size_t rows_before_ = 0;
  // Of the changes at hand, used again.
  std::vector<ColumnPtr> aggregates_;
  std::vector<uint8_t> differs_;
  std::vector<state::RowNumber> groups_;  // of each row that leaves
  std::vector<int32_t> rows_;             // which of the rows put here it is
  std::vector<RowKind> kinds_;
};

}  // namespace dataflow::engine
