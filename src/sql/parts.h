// What stands within an expression, also within the clauses of an aggregate and of OVER.
#pragma once

#include <algorithm>
#include <vector>

#include "base/status.h"
#include "sql/query.h"

namespace dataflow::sql {

// The clauses of an aggregate, or of OVER; null: it has none.
const Clauses* clauses_of(const expr::Expression& expression);

// Its arguments, then the expressions of its clauses.
std::vector<ExpressionPtr> parts_of(const expr::Expression& expression);
// The same expression with other parts, as many.
ExpressionPtr with_parts(const ExpressionPtr& expression, std::vector<ExpressionPtr> parts);

// The same with each part as `of` has it.
template <class Of>
Result<ExpressionPtr> with_parts_as(const ExpressionPtr& expression, const Of& of) {
  std::vector<ExpressionPtr> parts = parts_of(*expression);
  if (parts.empty()) return expression;
  for (ExpressionPtr& part : parts) {
    DF_ASSIGN_OR_RETURN(part, of(part));
  }
  return with_parts(expression, std::move(parts));
}

// Whether it, or something in it, is what `is` asks for.
template <class Is>
bool anywhere_in(const expr::Expression& expression, const Is& is) {
  if (is(expression)) return true;
  return std::ranges::any_of(parts_of(expression),
                             [&](const ExpressionPtr& part) { return anywhere_in(*part, is); });
}

}  // namespace dataflow::sql
