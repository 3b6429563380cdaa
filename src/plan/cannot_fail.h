// Which expressions give a value for every row, and the same one each time.
#pragma once

#include <vector>

#include "expr/expression.h"
#include "types/schema.h"

namespace dataflow::plan {

// Columns and literals, AND, OR, NOT, tests for NULL and truth, and comparisons of like types, over
// columns of the schema. What is computed otherwise may fail, or is not known not to.
bool cannot_fail(const expr::Expression& expression, const Schema& schema);

// The parts of a condition that all must be true, in their order.
std::vector<expr::ExpressionPtr> conjuncts(const expr::ExpressionPtr& condition);
// Null for no parts.
expr::ExpressionPtr all_of(const std::vector<expr::ExpressionPtr>& parts);

}  // namespace dataflow::plan
