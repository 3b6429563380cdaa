#include "expr/operators.h"

#include <algorithm>
#include <array>

namespace dataflow::expr {

Binding binary_binding(std::string_view name) {
  struct Operator {
    std::string_view name;
    Binding binding;
  };
  static constexpr std::array<Operator, 21> kOperators = {{
      {"OR", Binding::kOr},
      {"AND", Binding::kAnd},
      {"=", Binding::kComparison},
      {"<>", Binding::kComparison},
      {"<", Binding::kComparison},
      {"<=", Binding::kComparison},
      {">", Binding::kComparison},
      {">=", Binding::kComparison},
      {"IS DISTINCT FROM", Binding::kComparison},
      {"IS NOT DISTINCT FROM", Binding::kComparison},
      {"~", Binding::kRange},
      {"~*", Binding::kRange},
      {"!~", Binding::kRange},
      {"!~*", Binding::kRange},
      {"+", Binding::kSum},
      {"-", Binding::kSum},
      {"*", Binding::kProduct},
      {"/", Binding::kProduct},
      {"%", Binding::kProduct},
      {"DIV", Binding::kProduct},
      {"||", Binding::kProduct},
  }};
  for (const Operator& known : kOperators) {
    if (known.name == name) return known.binding;
  }
  return Binding::kNone;
}

bool is_postfix_test(std::string_view name) {
  static constexpr std::array<std::string_view, 18> kTests = {
      "IS NULL",        "IS NOT NULL",        "IS TRUE",       "IS NOT TRUE",
      "IS FALSE",       "IS NOT FALSE",       "IS UNKNOWN",    "IS NOT UNKNOWN",
      "IS JSON",        "IS NOT JSON",        "IS JSON VALUE", "IS NOT JSON VALUE",
      "IS JSON SCALAR", "IS NOT JSON SCALAR", "IS JSON ARRAY", "IS NOT JSON ARRAY",
      "IS JSON OBJECT", "IS NOT JSON OBJECT"};
  return std::find(kTests.begin(), kTests.end(), name) != kTests.end();
}

}  // namespace dataflow::expr
