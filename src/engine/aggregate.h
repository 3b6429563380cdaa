// Aggregates over rows of state: each keeps its accumulator in columns of a KeyedTable, one row for
// each group.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "column_writer.h"
#include "engine/operator.h"
#include "plan/plan.h"
#include "state/keyed_table.h"
#include "types/batch.h"

namespace arrow {
class Array;
}

namespace dataflow::engine {

// Rows of the batch at hand: rows[i] goes to group groups[i]. Rows rise, groups may repeat.
struct AggregateRows {
  std::span<const state::RowNumber> groups;
  std::span<const int32_t> rows;
  int64_t first_arrival = 0;  // of the batch's row 0; the row behind it has the next one
  // +1, or -1 where the row is taken back; none: all are added. Only retractable aggregates get
  // any.
  std::span<const int8_t> signs{};

  int64_t sign(size_t i) const { return signs.empty() ? 1 : signs[i]; }
};

// `first` is always the accumulator's first column in the tables.
class AggregateFunction {
 public:
  virtual ~AggregateFunction() = default;

  // The accumulator's columns; all zero means "no rows yet".
  virtual std::vector<state::ValueKind> columns() const = 0;
  // Before anything else. `table` is the operator's state; other tables are scratch.
  virtual Status open(OperatorContext& /*context*/, state::KeyedTable& /*table*/) { return {}; }
  // The argument of the batch at hand, for add(); null for COUNT(*).
  virtual Status begin(const ColumnPtr& argument) {
    argument_ = argument.get();
    return {};
  }
  virtual Status add(state::KeyedTable& table, size_t first, const AggregateRows& rows) = 0;
  // Adds what group from[i] has gathered to group to[i] of a table (perhaps the same one), for each
  // i.
  virtual Status merge(state::KeyedTable& into, std::span<const state::RowNumber> to,
                       state::KeyedTable& table, std::span<const state::RowNumber> from,
                       size_t first) = 0;
  virtual Status results(state::KeyedTable& table, size_t first,
                         std::span<const state::RowNumber> groups, ColumnWriter& out) const = 0;
  // The group's columns are about to be cleared: forgets what is kept beside them.
  virtual void forget(state::KeyedTable& /*table*/, state::RowNumber /*group*/) {}
  // A group holds all of its values, so that copies of it are dear.
  virtual bool holds_values() const { return false; }
  // What is not in the state yet must be now.
  virtual void before_barrier() {}
  // Beside what is in tables of state.
  virtual size_t memory_bytes() const { return 0; }
  // The greatest arrival that the group remembers; -1 if it remembers none.
  virtual int64_t last_arrival(state::KeyedTable& /*table*/, size_t /*first*/,
                               state::RowNumber /*group*/) const {
    return -1;
  }

 protected:
  const arrow::Array* argument_ = nullptr;
};

// `argument` is the type of what is aggregated (kNull for COUNT(*)), `result` that of the output.
// `name` is one of this aggregate's own within its operator: its tables' names begin with it.
Result<std::unique_ptr<AggregateFunction>> make_aggregate(const plan::Aggregate& aggregate,
                                                          const Type& argument, const Type& result,
                                                          const std::string& name);
// One whose rows can be taken back. A value that is taken back and is not there is passed over. Its
// groups are rows of the operator's state with the number 0, and are never merged.
Result<std::unique_ptr<AggregateFunction>> make_retractable(const plan::Aggregate& aggregate,
                                                            const Type& argument,
                                                            const Type& result,
                                                            const std::string& name);

// One file each. Null where the function does not take the type. Counts, sums and moments can take
// rows back as they are.
std::unique_ptr<AggregateFunction> make_count();
std::unique_ptr<AggregateFunction> make_sum(const Type& argument, const Type& result, bool average);
enum class Choice : uint8_t { kLeast, kGreatest, kFirst, kLast };
std::unique_ptr<AggregateFunction> make_choice(const Type& type, Choice choice);
struct Moment {
  bool sample = false;  // not of the whole population
  bool root = false;    // the deviation, not the variance
};
std::unique_ptr<AggregateFunction> make_moment(const Type& argument, const Type& result,
                                               Moment moment);
// Those whose state is a sketch: they cannot take rows back. `place` is from 0 to 1.
std::unique_ptr<AggregateFunction> make_count_distinct_sketch(const Type& argument);
std::unique_ptr<AggregateFunction> make_percentile_sketch(const Type& argument, double place);
// Lists and percentiles, DISTINCT ones too: they keep all of their values.
std::unique_ptr<AggregateFunction> make_gathered(const plan::Aggregate& aggregate,
                                                 const Type& argument);
// `inner` over the values of each group, each once. kInvalid where they cannot be told apart.
Result<std::unique_ptr<AggregateFunction>> make_distinct(std::unique_ptr<AggregateFunction> inner,
                                                         const Type& argument,
                                                         const std::string& name);
// Of those that can take rows back: they keep all of their values.
std::unique_ptr<AggregateFunction> make_kept_choice(const Type& type, Choice choice,
                                                    const std::string& name);
std::unique_ptr<AggregateFunction> make_kept_gathered(const plan::Aggregate& aggregate,
                                                      const Type& argument,
                                                      const std::string& name);
Result<std::unique_ptr<AggregateFunction>> make_counted_distinct(
    std::unique_ptr<AggregateFunction> inner, const Type& argument, const std::string& name);

}  // namespace dataflow::engine
