// What is read of what: state holds the columns that somebody reads, and no others.
#pragma once

#include <vector>

#include "rel.h"

namespace dataflow::sql {

// A query's rows, and what of their columns goes on.
struct ReadRel {
  RelPtr rel;
  std::vector<plan::NamedExpression> columns;
};

// The same queries, with projections in front of joins, ranks and OVER where these have columns
// that nobody reads. What several queries share stays shared.
void prune(std::vector<ReadRel>& queries);

}  // namespace dataflow::sql
