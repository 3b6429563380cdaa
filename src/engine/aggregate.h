// Aggregates over rows of state: each keeps its accumulator in columns of a KeyedTable, one row for
// each group.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "state/keyed_table.h"
#include "types/batch.h"

namespace arrow {
class ArrayBuilder;
}

namespace dataflow::engine {

class AggregateFunction {
 public:
  virtual ~AggregateFunction() = default;

  // The accumulator's columns; all zero means "no rows yet".
  virtual std::vector<state::ValueKind> columns() const = 0;
  // Adds argument[i] to the group groups[i] for each i. `first` is the accumulator's first column
  // in the table. `argument` is null for COUNT(*).
  virtual Status add(state::KeyedTable& table, size_t first, const arrow::Array* argument,
                     std::span<const state::RowNumber> groups, std::span<const int32_t> rows) = 0;
  // Adds what group `from` of one table has gathered to group `to` of another.
  virtual void merge(state::KeyedTable& into, state::RowNumber to, state::KeyedTable& table,
                     state::RowNumber from, size_t first) = 0;
  virtual Value result(state::KeyedTable& table, size_t first, state::RowNumber group) const = 0;
};

// `argument` is the type of what is aggregated (kNull for COUNT(*)), `result` that of the output.
Result<std::unique_ptr<AggregateFunction>> make_aggregate(const std::string& function,
                                                          bool distinct, const Type& argument,
                                                          const Type& result);

}  // namespace dataflow::engine
