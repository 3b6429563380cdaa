// Rows that a test of SQL writes as VALUES.
#pragma once

#include <string>
#include <vector>

#include "sql/ast.h"
#include "types/value.h"

namespace dataflow::jobs {

// What the expression comes to, cast to the type. kInvalid at its place in the script, also where
// it is no constant.
Result<Value> constant_of(const sql::ExpressionPtr& expression, const Type& type,
                          const std::string& script);
// As the sources of tests read it (JSON).
std::string json_of(const Value& value);

}  // namespace dataflow::jobs
