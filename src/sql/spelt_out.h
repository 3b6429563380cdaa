// Spelt out: a call of a function that CREATE FUNCTION made is what its body says of the arguments.
#pragma once

#include "sql/catalog.h"

namespace dataflow::sql {

// The expression with the bodies of users' functions in place of their calls, each argument and
// the result in the types that were declared. The places are those of the call. An argument
// stands wherever its parameter does, so it may be computed more than once. kInvalid names the
// place where arguments are missing or too many, or the whole becomes too long.
Result<ExpressionPtr> spelt_out(const ExpressionPtr& expression, const Catalog& catalog);

// Whether it calls a user's function, at any depth.
bool calls_made_functions(const expr::Expression& expression, const Catalog& catalog);

}  // namespace dataflow::sql
