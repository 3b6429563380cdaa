// Expressions over other columns.
#pragma once

#include <memory>

#include "expr/expression.h"

namespace dataflow::expr {

// The same expression with other columns: each is given to `of`, which says what stands there.
template <class Of>
ExpressionPtr with_columns(const ExpressionPtr& expression, const Of& of) {
  if (expression->kind == Kind::kColumn) return of(expression);
  if (expression->arguments.empty()) return expression;
  auto made = std::make_shared<Expression>(*expression);
  for (ExpressionPtr& argument : made->arguments) argument = with_columns(argument, of);
  return made;
}

}  // namespace dataflow::expr
