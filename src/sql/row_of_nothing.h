// The row that aggregates without GROUP BY have of no rows, in a stream from its beginning.
#pragma once

#include <vector>

#include "rel.h"

namespace dataflow::sql {

// `input` with one row more, which none of the aggregates counts: the one group is there before the
// first row comes, and when the last one has gone.
Result<RelPtr> with_row_of_nothing(const RelPtr& input, std::vector<plan::Aggregate>& aggregates);

}  // namespace dataflow::sql
