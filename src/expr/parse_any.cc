// x = ANY (array) and x <> ALL (array), as clients of PostgreSQL send them with a list for a
// parameter: IN and NOT IN where the elements are known.
#include <algorithm>
#include <optional>

#include "expr/parser.h"

namespace dataflow::expr {
namespace {

// None: what it holds is known only when it runs.
std::optional<std::vector<ExpressionPtr>> elements_of(const ExpressionPtr& array, Place place) {
  if (array->kind == Kind::kCall && array->name == "ARRAY") return array->arguments;
  // An empty list, as psycopg 2 writes it.
  const bool text = array->kind == Kind::kLiteral && array->value.type().id() == TypeId::kString;
  if (text && !array->value.is_null() && array->value.as_text() == "{}") {
    return std::vector<ExpressionPtr>();
  }
  if (array->kind != Kind::kLiteral || array->value.is_null() ||
      array->value.type().id() != TypeId::kArray) {
    return std::nullopt;
  }
  std::vector<ExpressionPtr> elements;
  for (const Value& value : array->value.as_list()) {
    elements.push_back(value.is_null() ? cast(literal(Value(), place), value.type(), place)
                                       : literal(value, place));
  }
  return elements;
}

// Whether the expression has more parts than `most`, from which those are taken that it has.
bool has_more(const Expression& expression, int& most) {
  if (--most < 0) return true;
  return std::ranges::any_of(expression.arguments,
                             [&](const ExpressionPtr& part) { return has_more(*part, most); });
}

}  // namespace

// Both stand in the tree more than once: they are parameters, columns or literals to all who write
// so. One within another would double the tree each time.
Result<Parser::Tree> Parser::parse_any(const Token& at, bool any, const std::string& name,
                                       Tree operand) {
  if (any ? name != "=" : name != "<>" && name != "!=") {
    return fail(at,
                "with an array `= ANY (…)` and `<> ALL (…)` are taken; CARDINALITY and UNNEST "
                "help with the others");
  }
  DF_RETURN_IF_ERROR(expect_symbol("("));
  DF_ASSIGN_OR_RETURN(Tree array, parse_at(Binding::kOr));
  DF_RETURN_IF_ERROR(expect_symbol(")"));
  if (auto elements = elements_of(array.root, at.place)) {
    if (elements->empty()) return leaf(literal(Value::boolean(!any), at.place));
    Trees operands;
    operands.push_back(std::move(operand));
    for (ExpressionPtr& element : *elements) {
      operands.push_back({std::move(element), array.depth});
    }
    return node(at, any ? "IN" : "NOT IN", std::move(operands));
  }
  constexpr int kMostParts = 100;
  int left = kMostParts;
  if (has_more(*operand.root, left) || has_more(*array.root, left)) {
    return fail(at,
                "ANY and ALL with an array take short expressions: columns, parameters and the "
                "like");
  }
  // Whether it holds the value; NULL where that hangs on a NULL.
  const auto holds = [&](const ExpressionPtr& value) {
    return call("ARRAY_CONTAINS", {array.root, value}, at.place);
  };
  const auto is_null = [&](const ExpressionPtr& value) {
    return call("IS NULL", {value}, at.place);
  };
  const ExpressionPtr null = literal(Value(), at.place);
  const ExpressionPtr open =
      call("OR", {is_null(operand.root), is_null(array.root), holds(null)}, at.place);
  Expression choice;
  choice.kind = Kind::kCase;
  choice.place = at.place;
  Trees parts;
  const int depth = std::max(operand.depth, array.depth) + 2;
  for (ExpressionPtr part :
       {holds(operand.root), literal(Value::boolean(any), at.place), open,
        cast(null, Type::boolean(), at.place), literal(Value::boolean(!any), at.place)}) {
    parts.push_back({std::move(part), depth});
  }
  return with_arguments(at, std::move(choice), std::move(parts));
}

}  // namespace dataflow::expr
