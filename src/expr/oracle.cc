#include "oracle.h"

namespace dataflow::expr {

namespace {

Value wrapped(int64_t value) { return Value::integer(Type::int32(), static_cast<int32_t>(value)); }

Outcome compare(const std::string& op, int order) {
  bool holds = op == "="    ? order == 0
               : op == "<"  ? order < 0
               : op == ">=" ? order >= 0
                            : order != 0;
  return {Value::boolean(holds)};
}

}  // namespace

Outcome Oracle::of(const Expression& e) const {
  if (e.kind == Kind::kColumn) return {row_[*schema_.find(e.name)]};
  if (e.kind == Kind::kLiteral) return {e.value};
  if (e.kind == Kind::kCase) return of_case(e);
  if (e.name == "AND" || e.name == "OR") return junction(e);
  if (e.name == "COALESCE") {
    for (const ExpressionPtr& argument : e.arguments) {
      Outcome outcome = of(*argument);
      if (outcome.fault || !outcome.value.is_null()) return outcome;
    }
    return {};
  }
  return strict(e);
}

Outcome Oracle::of_case(const Expression& e) const {
  for (size_t i = 0; i + 1 < e.arguments.size(); i += 2) {
    Outcome condition = of(*e.arguments[i]);
    if (condition.fault) return condition;
    if (!condition.value.is_null() && condition.value.as_bool()) return of(*e.arguments[i + 1]);
  }
  return of(*e.arguments.back());
}

Outcome Oracle::junction(const Expression& e) const {
  bool deciding = e.name == "OR";
  bool unknown = false;
  for (const ExpressionPtr& argument : e.arguments) {
    Outcome outcome = of(*argument);
    if (outcome.fault) return outcome;
    if (outcome.value.is_null())
      unknown = true;
    else if (outcome.value.as_bool() == deciding)
      return outcome;
  }
  return {unknown ? Value::null(Type::boolean()) : Value::boolean(!deciding)};
}

Outcome Oracle::strict(const Expression& e) const {
  std::vector<Value> values;
  for (const ExpressionPtr& argument : e.arguments) {
    Outcome outcome = of(*argument);
    if (outcome.fault) return outcome;
    values.push_back(outcome.value);
  }
  if (e.kind == Kind::kCast) {
    return values[0].is_null() ? Outcome{} : Outcome{Value::string(flink_text(values[0]))};
  }
  if (auto outcome = collection_outcome(e, values)) return *outcome;
  if (e.name == "IS NULL") return {Value::boolean(values[0].is_null())};
  for (const Value& value : values) {
    if (value.is_null()) return {};
  }
  if (e.name == "NOT") return {Value::boolean(!values[0].as_bool())};
  if (values[0].type().id() == TypeId::kString) {
    return compare(e.name, values[0].as_text().compare(values[1].as_text()));
  }
  int64_t a = values[0].as_int();
  int64_t b = values[1].as_int();
  if (e.name == "+") return {wrapped(a + b)};
  if (e.name == "-") return {wrapped(a - b)};
  if (e.name == "*") return {wrapped(a * b)};
  if (e.name == "/" || e.name == "%") {
    if (b == 0) return {{}, true};
    return {wrapped(e.name == "/" ? a / b : a % b)};
  }
  return compare(e.name, a < b ? -1 : a > b ? 1 : 0);
}

}  // namespace dataflow::expr
