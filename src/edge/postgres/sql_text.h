// Text in a statement.
#pragma once

#include <string>
#include <string_view>

namespace dataflow::postgres {

inline std::string sql_literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += c;
    out += c;
  }
  return out + '\'';
}

}  // namespace dataflow::postgres
