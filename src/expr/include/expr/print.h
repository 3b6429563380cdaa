// Values and names as SQL writes them.
#pragma once

#include <string>
#include <string_view>

#include "expr/expression.h"
#include "expr/operators.h"
#include "types/value.h"

namespace dataflow::expr {

// In parentheses where it binds less tightly than `least`.
std::string operand_to_sql(const Expression& expression, Binding least);
// What stands between the parentheses of a call.
std::string arguments_to_sql(const Expression& expression);
std::string value_to_sql(const Value& value);
std::string name_to_sql(std::string_view name);  // in backticks where it needs them
// As it stands in front of parentheses.
std::string function_to_sql(std::string_view name);
std::string quoted_text(std::string_view text);  // 'it''s'
std::string double_text(double value);           // the shortest that reads back: "0.1", "1.0E30"
std::string float_text(float value);

}  // namespace dataflow::expr
