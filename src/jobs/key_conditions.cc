#include "key_conditions.h"

#include <algorithm>
#include <limits>

#include "expr/bound.h"
#include "plan/aggregate.h"

namespace dataflow::jobs {
namespace {

using expr::Expression;
using expr::ExpressionPtr;

constexpr int kMarkerLine = -1;
// Lists of very many keys are read by a job.
constexpr size_t kMostRanges = 10'000;

std::optional<size_t> parameter_of(const Expression& expression) {
  if (expression.kind != expr::Kind::kCast || expression.place.line != kMarkerLine) {
    return std::nullopt;
  }
  return static_cast<size_t>(expression.place.column);
}

// Of an expression that reads no column.
Result<Value> value_of_constant(const ExpressionPtr& expression) {
  const Schema none;
  DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, expr::bind(expression, none));
  Batch row{std::make_shared<const Schema>(), 1};
  expr::EvalContext context;
  DF_ASSIGN_OR_RETURN(const ColumnPtr column, bound->evaluate(row, {}, context));
  if (!context.faults.empty()) return Status::invalid(context.faults.front().reason);
  return value_at(bound->type(), *column, 0);
}

// Whether values of one type are found among those of the other by their bytes.
bool is_alike(const Type& constant, const Type& column) {
  if (constant.is_integer() && column.is_integer()) return true;
  return constant == column && plan::is_ordered(column) && !column.is_float();
}

bool fits_into(int64_t value, const Type& type) {
  const size_t bits = 8 * fixed_width_of(type);
  if (bits >= 64) return true;
  const int64_t end = int64_t{1} << (bits - 1);
  return -end <= value && value < end;
}

// The condition in `$IN_ZONE(zone, …)`, with what it computes in that zone by itself.
Expression out_of_zone(const Expression& around) {
  Expression made = *around.arguments[1];
  for (ExpressionPtr& argument : made.arguments) {
    if (argument->arguments.empty()) continue;
    argument = expr::call("$IN_ZONE", {around.arguments[0], argument}, argument->place);
  }
  return made;
}

}  // namespace

sql::Parameters as_markers(const std::vector<Type>& types) {
  sql::Parameters parameters;
  for (const Type& type : types) {
    const int number = static_cast<int>(parameters.given.size());
    parameters.given.push_back(expr::cast(expr::literal(Value()), type, {kMarkerLine, number}));
  }
  return parameters;
}

bool has_parameters(const Expression& expression) {
  return parameter_of(expression) ||
         std::ranges::any_of(expression.arguments, [](const auto& each) {
           return each != nullptr && has_parameters(*each);
         });
}

ExpressionPtr with_values(const ExpressionPtr& expression, const std::vector<Value>& values) {
  if (!has_parameters(*expression)) return expression;
  if (const auto parameter = parameter_of(*expression)) {
    const Value& value = values[*parameter];
    if (value.is_null()) return expr::cast(expr::literal(Value()), value.type());
    return expr::literal(value);
  }
  Expression made = *expression;
  for (ExpressionPtr& argument : made.arguments) argument = with_values(argument, values);
  return std::make_shared<const Expression>(std::move(made));
}

const Type& KeyConditions::type_of(size_t column) const {
  return (*schema_)[*schema_->find(key_[column])].type;
}

void KeyConditions::add(const ExpressionPtr& condition,
                        const std::map<std::string, std::string>& names) {
  if (condition->kind != expr::Kind::kCall) return;
  const bool zoned = condition->name == "$IN_ZONE";
  add(zoned ? out_of_zone(*condition) : *condition, names, condition);
}

void KeyConditions::add(const Expression& condition,
                        const std::map<std::string, std::string>& names,
                        const ExpressionPtr& from) {
  const auto& arguments = condition.arguments;
  if (condition.name == "BETWEEN" && arguments.size() == 3) {
    add_compare(Compare::kGreaterEqual, arguments[0], {&arguments[1], 1}, names, from);
    add_compare(Compare::kLessEqual, arguments[0], {&arguments[2], 1}, names, from);
    return;
  }
  if (condition.name == "IN" && arguments.size() > 1) {
    const auto list = std::span(arguments).subspan(1);
    return add_compare(Compare::kEqual, arguments[0], list, names, from);
  }
  struct Known {
    const char* name;
    Compare compare, turned;
  };
  static constexpr Known kKnown[] = {
      {"=", Compare::kEqual, Compare::kEqual},
      {"<", Compare::kLess, Compare::kGreater},
      {"<=", Compare::kLessEqual, Compare::kGreaterEqual},
      {">", Compare::kGreater, Compare::kLess},
      {">=", Compare::kGreaterEqual, Compare::kLessEqual},
  };
  const auto* const known =
      std::ranges::find_if(kKnown, [&](const Known& each) { return condition.name == each.name; });
  if (known == std::end(kKnown) || arguments.size() != 2) return;
  const bool turned = arguments[0]->kind != expr::Kind::kColumn;
  add_compare(turned ? known->turned : known->compare, arguments[turned ? 1 : 0],
              {&arguments[turned ? 0 : 1], 1}, names, from);
}

std::optional<KeyConditions::Operand> KeyConditions::operand_of(const ExpressionPtr& expression,
                                                                const Type& column) {
  if (!expr::columns_of(*expression).empty()) return std::nullopt;
  const Schema none;
  const Result<expr::BoundPtr> bound = expr::bind(expression, none);
  if (!bound.ok() || !(*bound)->is_constant() || !is_alike((*bound)->type(), column)) {
    return std::nullopt;
  }
  Operand made{expression, std::nullopt, parameter_of(*expression)};
  if (has_parameters(*expression)) return made;
  Result<Value> value = value_of_constant(expression);
  if (!value.ok()) return std::nullopt;
  made.value = std::move(*value);
  return made;
}

void KeyConditions::add_compare(Compare compare, const ExpressionPtr& column,
                                std::span<const ExpressionPtr> operands,
                                const std::map<std::string, std::string>& names,
                                const ExpressionPtr& from) {
  if (column->kind != expr::Kind::kColumn) return;
  const auto name = names.find(column->name);
  if (name == names.end()) return;
  const auto place = std::ranges::find(key_, name->second);
  if (place == key_.end()) return;
  const auto number = static_cast<size_t>(place - key_.begin());
  Condition made{compare, {}, from};
  for (const ExpressionPtr& each : operands) {
    std::optional<Operand> operand = operand_of(each, type_of(number));
    if (!operand) return;
    made.operands.push_back(std::move(*operand));
  }
  std::vector<Condition>& conditions = columns_[number];
  const bool first = compare == Compare::kEqual;
  conditions.insert(first ? conditions.begin() : conditions.end(), std::move(made));
}

size_t KeyConditions::equal_columns() const {
  size_t count = 0;
  while (count < columns_.size() && !columns_[count].empty() &&
         columns_[count].front().compare == Compare::kEqual) {
    ++count;
  }
  return count;
}

bool KeyConditions::is_in_range(const ExpressionPtr& condition) const {
  for (size_t i = 0; i < equal_columns(); ++i) {
    if (columns_[i].front().from == condition) return true;
  }
  return false;
}

Result<std::optional<Value>> KeyConditions::value_of(const Operand& operand, size_t column,
                                                     const std::vector<Value>& parameters) const {
  Value value;
  if (operand.value) {
    value = *operand.value;
  } else if (operand.parameter) {
    value = parameters[*operand.parameter];
  } else {
    DF_ASSIGN_OR_RETURN(value, value_of_constant(with_values(operand.expression, parameters)));
  }
  const Type& type = type_of(column);
  if (value.is_null()) return std::optional<Value>();
  if (!is_alike(value.type(), type)) return Status::unsupported("a value of another type");
  if (!type.is_integer()) return std::optional<Value>(std::move(value));
  if (!fits_into(value.as_int(), type)) return std::optional<Value>();
  return std::optional<Value>(Value::integer(type, value.as_int()));
}

Result<KeyRange> KeyConditions::range_of(const engine::StoredRows& codec, std::vector<Value> key,
                                         const std::vector<Value>& parameters) const {
  const size_t equal = key.size();
  KeyRange range;
  DF_ASSIGN_OR_RETURN(range.from, codec.key_prefix(key));
  range.one = equal == key_.size();
  if (range.one) return range;
  if (columns_[equal].empty()) {
    range.to = end_of_prefix(range.from);
    return range;
  }
  // What is compared is not NULL.
  range.to = range.from + engine::StoredRows::kNullMark;
  range.from += engine::StoredRows::kValueMark;
  for (const Condition& condition : columns_[equal]) {
    DF_ASSIGN_OR_RETURN(auto value, value_of(condition.operands.front(), equal, parameters));
    // NULL, or beyond all values: the condition itself, which is asked of each row, says how.
    if (!value) continue;
    key.push_back(std::move(*value));
    DF_ASSIGN_OR_RETURN(const std::string begin, codec.key_prefix(key));
    key.pop_back();
    const Compare compare = condition.compare;
    const bool behind = compare == Compare::kGreater || compare == Compare::kLessEqual;
    const std::string bound = behind ? *end_of_prefix(begin) : begin;
    if (compare == Compare::kGreater || compare == Compare::kGreaterEqual) {
      range.from = std::max(range.from, bound);
    } else {
      range.to = std::min(*range.to, bound);
    }
  }
  return range;
}

Result<std::vector<KeyRange>> KeyConditions::ranges(const engine::StoredRows& codec,
                                                    const std::vector<Value>& parameters) const {
  std::vector<std::vector<Value>> keys(1);
  for (size_t i = 0; i < equal_columns(); ++i) {
    const std::vector<Operand>& operands = columns_[i].front().operands;
    std::vector<std::vector<Value>> longer;
    for (const Operand& operand : operands) {
      DF_ASSIGN_OR_RETURN(const auto value, value_of(operand, i, parameters));
      if (!value) continue;
      for (const std::vector<Value>& key : keys) {
        longer.push_back(key);
        longer.back().push_back(*value);
      }
    }
    if (longer.size() > kMostRanges) return Status::too_large("very many keys");
    keys = std::move(longer);
  }
  std::vector<KeyRange> ranges;
  for (std::vector<Value>& key : keys) {
    DF_ASSIGN_OR_RETURN(KeyRange range, range_of(codec, std::move(key), parameters));
    ranges.push_back(std::move(range));
  }
  // A value may be in a list twice.
  std::ranges::sort(ranges, {}, &KeyRange::from);
  const auto again = std::ranges::unique(ranges, {}, &KeyRange::from);
  ranges.erase(again.begin(), again.end());
  return ranges;
}

}  // namespace dataflow::jobs
