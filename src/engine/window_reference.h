// What windows must give, by the plainest means: row after row, each window with all of its rows.
// For tests; the operators have nothing in common with it but the plan's words.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "types/value.h"

namespace dataflow::engine {

struct ReferenceResult {
  // "+I {window_start=…, …}" as the memory sink writes them, sorted. What -U and -D take back is
  // what left.
  std::vector<std::string> rows;
  std::vector<std::string> late;  // the rows that came too late, sorted
};

// One split of rows through a source and a window in event time, as the engine tells time: the
// watermark moves where a row's number passes a multiple of `stretch`. The rows' columns are those
// of `input`; `output` is the schema of the validated window. Aggregates are of columns, and have
// filters of the form `column`, a boolean.
ReferenceResult reference_of(const plan::WindowSpec& spec, const Schema& input,
                             const Schema& output, const std::vector<std::vector<Value>>& rows,
                             int64_t delay_ms, int64_t stretch);

// The columns that it is of, whatever the check has put around them: the values', then those that
// they are put in order by, or pairs.
std::vector<std::string> argument_columns(const plan::Aggregate& aggregate);
// An aggregate over the rows of a group, which stand in the order of arrival.
Value reference_aggregate(const plan::Aggregate& aggregate, const Schema& input, const Type& result,
                          const std::vector<const std::vector<Value>*>& rows);

}  // namespace dataflow::engine
