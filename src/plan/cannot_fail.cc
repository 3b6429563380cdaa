#include "cannot_fail.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string_view>

namespace dataflow::plan {
namespace {

using expr::Expression;
using expr::ExpressionPtr;
using expr::Kind;

constexpr std::array<std::string_view, 9> kOfTruth = {"AND",         "OR",          "NOT",
                                                      "IS NULL",     "IS NOT NULL", "IS TRUE",
                                                      "IS NOT TRUE", "IS FALSE",    "IS NOT FALSE"};
constexpr std::array<std::string_view, 11> kComparisons = {
    "=", "<>", "!=", "<", "<=", ">", ">=", "BETWEEN", "NOT BETWEEN", "IN", "NOT IN"};

bool is_call(const Expression& expression, std::string_view name) {
  return expression.kind == Kind::kCall &&
         std::ranges::equal(expression.name, name, [](char a, char b) {
           return std::toupper(static_cast<unsigned char>(a)) == b;
         });
}

bool is_one_of(const Expression& expression, std::span<const std::string_view> names) {
  return std::ranges::any_of(names,
                             [&](std::string_view name) { return is_call(expression, name); });
}

// Of what cannot_fail() lets through: columns, literals, and calls that give truth.
Type type_of(const Expression& expression, const Schema& schema) {
  if (expression.kind == Kind::kLiteral) return expression.value.type();
  if (expression.kind != Kind::kColumn) return Type::boolean();
  return schema[*schema.find(expression.name)].type;
}

// Between other types one side is cast first, and a cast may fail.
bool compares_as_it_is(const Type& a, const Type& b) {
  if (a.is_nested() || b.is_nested()) return false;
  if (a.is_numeric() && b.is_numeric()) return true;
  // Milliseconds as microseconds may not fit.
  return a.is_timestamp() || b.is_timestamp() ? a == b : a.id() == b.id();
}

}  // namespace

bool cannot_fail(const Expression& expression, const Schema& schema) {
  if (expression.kind == Kind::kColumn || expression.kind == Kind::kLiteral) return true;
  const bool compares = is_one_of(expression, kComparisons);
  if (!compares && !is_one_of(expression, kOfTruth)) return false;
  const std::vector<ExpressionPtr>& arguments = expression.arguments;
  if (!std::ranges::all_of(arguments,
                           [&](const ExpressionPtr& one) { return cannot_fail(*one, schema); })) {
    return false;
  }
  if (!compares) return true;
  const Type first = type_of(*arguments[0], schema);
  return std::ranges::all_of(arguments, [&](const ExpressionPtr& one) {
    return compares_as_it_is(first, type_of(*one, schema));
  });
}

std::vector<ExpressionPtr> conjuncts(const ExpressionPtr& condition) {
  if (!is_call(*condition, "AND")) return {condition};
  std::vector<ExpressionPtr> parts;
  for (const ExpressionPtr& argument : condition->arguments) {
    for (ExpressionPtr& part : conjuncts(argument)) parts.push_back(std::move(part));
  }
  return parts;
}

ExpressionPtr all_of(const std::vector<ExpressionPtr>& parts) {
  if (parts.size() < 2) return parts.empty() ? nullptr : parts[0];
  return expr::call("AND", parts, parts[0]->place);
}

}  // namespace dataflow::plan
