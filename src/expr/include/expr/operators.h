// How tightly SQL's operators bind; the parser and to_string() agree on it here.
#pragma once

#include <string_view>

namespace dataflow::expr {

enum class Binding : int {
  kNone = 0,
  kOr = 1,
  kAnd = 2,
  kNot = 3,         // prefix
  kIs = 4,          // postfix: IS NULL, IS NOT TRUE, …
  kComparison = 5,  // = <> < <= > >= IS [NOT] DISTINCT FROM
  kRange = 6,       // [NOT] BETWEEN, IN, LIKE, SIMILAR TO
  kSum = 7,         // + -
  kProduct = 8,     // * / % ||
  kSign = 9,        // prefix
  kPostfix = 10,    // a[1], a.b, a::T
  kPrimary = 11,
};

constexpr Binding next(Binding binding) {
  return static_cast<Binding>(static_cast<int>(binding) + 1);
}

// Of an operator with an operand on each side; kNone if it is none.
Binding binary_binding(std::string_view name);
// Of an operator like IS NULL behind its one operand.
bool is_postfix_test(std::string_view name);

// An expression nests, and its tree goes, no deeper than this: what reads a tree may recurse.
inline constexpr int kMaxDepth = 250;

}  // namespace dataflow::expr
