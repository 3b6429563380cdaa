// Calls whose texts are JSON.
#pragma once

#include "expr/expression.h"

namespace dataflow::expr {

// Whether it is a call that makes JSON (JSON_OBJECT, JSON_ARRAY): its text stands in other JSON as
// it is.
bool makes_json(const Expression& expression);

}  // namespace dataflow::expr
