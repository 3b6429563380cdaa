#include "expr/expression.h"

#include <algorithm>

namespace dataflow::expr {

namespace {

ExpressionPtr make(Kind kind, std::string name, std::vector<ExpressionPtr> arguments, Place place) {
  auto made = std::make_shared<Expression>();
  made->kind = kind;
  made->name = std::move(name);
  made->arguments = std::move(arguments);
  made->place = place;
  return made;
}

void collect_columns(const Expression& expression, std::vector<std::string>& names) {
  if (expression.kind == Kind::kColumn &&
      std::find(names.begin(), names.end(), expression.name) == names.end()) {
    names.push_back(expression.name);
  }
  for (const ExpressionPtr& argument : expression.arguments) collect_columns(*argument, names);
}

}  // namespace

bool Extension::is_closed(const Expression&) const { return true; }

ExpressionPtr column(std::string name, Place place) {
  return make(Kind::kColumn, std::move(name), {}, place);
}

ExpressionPtr literal(Value value, Place place) {
  auto made = std::make_shared<Expression>();
  made->kind = Kind::kLiteral;
  made->value = std::move(value);
  made->place = place;
  return made;
}

ExpressionPtr call(std::string name, std::vector<ExpressionPtr> arguments, Place place) {
  return make(Kind::kCall, std::move(name), std::move(arguments), place);
}

ExpressionPtr cast(ExpressionPtr value, Type type, Place place) {
  auto made = std::make_shared<Expression>();
  made->kind = Kind::kCast;
  made->name = "CAST";
  made->type = std::move(type);
  made->arguments = {std::move(value)};
  made->place = place;
  return made;
}

std::vector<std::string> columns_of(const Expression& expression) {
  std::vector<std::string> names;
  collect_columns(expression, names);
  return names;
}

}  // namespace dataflow::expr
