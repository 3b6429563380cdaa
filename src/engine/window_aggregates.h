// WindowAggregates: the aggregates of a window or of groups, their arguments and filters, over
// groups that are rows of KeyedTables.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "aggregate.h"
#include "engine/operator.h"
#include "expr/bound.h"
#include "plan/plan.h"
#include "state/keyed_table.h"
#include "types/batch.h"

namespace dataflow::engine {

class WindowAggregates {
 public:
  // Of tables whose first columns are `leading`, and the operator's own. `retractable`: rows may be
  // taken back.
  static Result<WindowAggregates> bind(const std::vector<plan::Aggregate>& aggregates,
                                       const Schema& input, const Schema& output,
                                       std::vector<state::ValueKind> leading,
                                       bool retractable = false);

  // Of a table that holds groups.
  const std::vector<state::ValueKind>& columns() const { return columns_; }
  // Groups hold all of their values, so that copies of them are dear.
  bool hold_values() const;

  // `table` is the operator's state, as it was restored.
  Status open(OperatorContext& context, state::KeyedTable& table);
  // The arguments and filters of a batch. A row that fails in one of them becomes a dead letter and
  // is for no group: drop_faulty() takes it out of a list.
  Status evaluate(OperatorContext& context, const Batch& batch);
  void drop_faulty(std::vector<int32_t>& rows) const;
  bool any_faulty() const { return !faulty_.empty(); }
  bool is_faulty(int32_t row) const {
    return !faulty_.empty() && faulty_[static_cast<size_t>(row)] != 0;
  }
  // rows[i] of that batch goes to groups[i], or is taken back from it (see AggregateRows); rows
  // rise.
  Status add(state::KeyedTable& table, std::span<const int32_t> rows,
             std::span<const state::RowNumber> groups, std::span<const int8_t> signs = {});

  Status merge(state::KeyedTable& into, std::span<const state::RowNumber> to,
               state::KeyedTable& table, std::span<const state::RowNumber> from);
  // The group has no rows; its leading columns stay.
  void clear(state::KeyedTable& table, state::RowNumber group);
  // Takes the group out of the table.
  void erase(state::KeyedTable& table, state::RowNumber group);
  Status results(size_t index, state::KeyedTable& table, std::span<const state::RowNumber> groups,
                 ColumnWriter& out) const;
  void before_barrier();
  size_t memory_bytes() const;  // beside what is in tables of state

 private:
  struct Part {
    expr::BoundPtr value;   // null: COUNT(*)
    expr::BoundPtr filter;  // null: every row
    std::unique_ptr<AggregateFunction> function;
    size_t first = 0;
  };

  Status add_filtered(size_t part, state::KeyedTable& table, std::span<const int32_t> rows,
                      std::span<const state::RowNumber> groups, std::span<const int8_t> signs);

  std::vector<Part> parts_;
  std::vector<state::ValueKind> columns_;
  size_t leading_ = 0;
  int64_t next_arrival_ = 0;

  // Of the batch at hand, used again.
  expr::EvalContext eval_;
  std::vector<ColumnPtr> values_;
  std::vector<expr::Selection> filters_;
  std::vector<uint8_t> faulty_;  // one a row; none: no row is
  int64_t first_arrival_ = 0;
  std::vector<int32_t> some_rows_;
  std::vector<state::RowNumber> some_groups_;
  std::vector<int8_t> some_signs_;
};

}  // namespace dataflow::engine
