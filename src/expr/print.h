// Values and names as SQL writes them.
#pragma once

#include <string>
#include <string_view>

#include "types/value.h"

namespace dataflow::expr {

std::string value_to_sql(const Value& value);
std::string name_to_sql(std::string_view name);  // in backticks where it needs them
std::string quoted_text(std::string_view text);  // 'it''s'
std::string double_text(double value);           // the shortest that reads back: "0.1", "1.0E30"
std::string float_text(float value);

}  // namespace dataflow::expr
