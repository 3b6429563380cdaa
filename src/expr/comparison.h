// What comparisons and logic are put together from.
#pragma once

#include "registry.h"

namespace dataflow::expr {

enum class CompareOp { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

// Of two arguments, which it coerces.
Result<NodePtr> make_comparison(CompareOp op, Nodes arguments, const CallSite& site);

// Of boolean nodes; three-valued. What cannot change the result any more is not evaluated.
NodePtr make_and(Nodes conditions);
NodePtr make_or(Nodes conditions);
NodePtr make_not(NodePtr condition);

// IS [NOT] DISTINCT FROM of arguments whose comparison by = is `equal`.
NodePtr make_distinct(Nodes arguments, NodePtr equal, bool negated);

// x IN (literals of x's own type): one look into a hash table a row. Null if it is not that.
NodePtr make_literal_in(const Nodes& arguments, bool negated);

}  // namespace dataflow::expr
