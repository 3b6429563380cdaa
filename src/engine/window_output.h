// The rows that a window aggregation emits: which of its columns is what, and how they are made of
// state.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "column_writer.h"
#include "plan/plan.h"
#include "state/keyed_table.h"
#include "types/batch.h"
#include "wall_clock.h"
#include "window_aggregates.h"
#include "window_slices.h"

namespace dataflow::engine {

class WindowOutput {
 public:
  static Result<WindowOutput> make(const plan::WindowSpec& spec, const Schema& input,
                                   SchemaPtr output);

  // The results of groups of one window, or each of its own; full batches leave.
  Status add(const WindowAggregates& aggregates, state::KeyedTable& table,
             std::span<const state::RowNumber> groups, WindowBounds window, RowKind kind,
             Collector& out) {
    return add(aggregates, table, groups, std::span(&window, 1), kind, out);
  }
  Status add(const WindowAggregates& aggregates, state::KeyedTable& table,
             std::span<const state::RowNumber> groups, std::span<const WindowBounds> windows,
             RowKind kind, Collector& out);
  // So many rows that come next leave in one batch: what a row was, and what it is.
  Status keep_together(size_t rows, Collector& out);
  // What waits leaves.
  Status flush(Collector& out);

 private:
  enum class What : uint8_t { kStart, kEnd, kTime, kKey, kAggregate };
  struct Column {
    What what;
    size_t index;  // of the key or aggregate
  };

  Status put(const WindowAggregates& aggregates, state::KeyedTable& table,
             std::span<const state::RowNumber> groups, std::span<const WindowBounds> windows,
             RowKind kind);
  void put_moments(ColumnWriter& writer, What what, std::span<const WindowBounds> windows,
                   size_t rows);

  SchemaPtr schema_;
  WallClock clock_;
  std::vector<Column> columns_;
  std::vector<size_t> key_columns_;  // where each key stands in the output
  std::vector<ColumnWriter> writers_;
  std::vector<RowKind> kinds_;
  bool any_kind_ = false;
};

}  // namespace dataflow::engine
