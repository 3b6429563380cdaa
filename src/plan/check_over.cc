// What may stand over rows: aggregates, and the functions of plan/over_function.h.
#include <algorithm>
#include <array>
#include <cctype>

#include "base/edit_distance.h"
#include "plan/aggregate.h"
#include "plan/over_function.h"
#include "scope.h"

namespace dataflow::plan {
namespace {

using Kind = OverFunctionKind;

constexpr std::array<OverFunction, 9> kFunctions = {{
    {Kind::kRowNumber, "ROW_NUMBER", "ROW_NUMBER()", "the row's place, counted from 1", false},
    {Kind::kRank, "RANK", "RANK()", "the place of the first row with the same order", false},
    {Kind::kDenseRank, "DENSE_RANK", "DENSE_RANK()",
     "how many different places in the order there are up to the row's", false},
    {Kind::kPercentRank, "PERCENT_RANK", "PERCENT_RANK()",
     "RANK from 0 to 1: 0 is the first, 1 the last", true},
    {Kind::kCumeDist, "CUME_DIST", "CUME_DIST()",
     "which part of the rows stands at the row's place or before it", true},
    {Kind::kNtile, "NTILE", "NTILE(n)", "which of n equal parts the row is in, counted from 1",
     true},
    {Kind::kLag, "LAG", "LAG(any [, offset [, default]])",
     "the value at the row `offset` (1) places before", false},
    {Kind::kLead, "LEAD", "LEAD(any [, offset [, default]])",
     "the value at the row `offset` (1) places behind", true},
    {Kind::kNthValue, "NTH_VALUE", "NTH_VALUE(any, n)",
     "the value at the frame's row n, counted from 1, NULLs too", true},
}};

bool is_whole_number(const expr::ExpressionPtr& expression) {
  return expression != nullptr && expression->kind == expr::Kind::kLiteral &&
         !expression->value.is_null() && expression->value.type().is_integer();
}

Status check_plain(const Scope& scope, const Aggregate& aggregate, const std::string& role) {
  if (!aggregate.distinct && aggregate.filter == nullptr) return {};
  return scope.error(role + ": " + aggregate.function + " takes neither DISTINCT nor a filter");
}

Status check_buckets(const Scope& scope, const Aggregate& aggregate, const std::string& role) {
  const bool given = is_whole_number(aggregate.argument) && aggregate.parameters.empty();
  if (given && buckets_of(aggregate) >= 1) return {};
  return scope.error(role + ": NTILE takes how many parts there are: a whole number from 1 on");
}

Result<Field> check_offset(const Scope& scope, const Aggregate& aggregate,
                           const std::string& role) {
  const auto& parameters = aggregate.parameters;
  const std::string name = aggregate.function;
  if (aggregate.argument == nullptr || parameters.size() > 2) {
    return scope.error(role + ": " + name + " takes a value, an offset and a default");
  }
  DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound,
                      scope.bind(aggregate.argument, *scope.input().schema, role));
  if (!parameters.empty() && (!is_whole_number(parameters[0]) || offset_of(aggregate) < 0)) {
    return scope.error(role + ": the offset of " + name + " is a whole number from 0 on");
  }
  const bool nth = name == "NTH_VALUE";
  if (nth && (parameters.size() != 1 || offset_of(aggregate) < 1)) {
    return scope.error(role + ": NTH_VALUE takes a value and its place: a whole number from 1 on");
  }
  bool nullable = true;
  if (parameters.size() == 2) {
    if (parameters[1]->kind != expr::Kind::kLiteral) {
      return scope.error(role + ": the default of " + name + " is a value, such as 0 or NULL");
    }
    const Result<ColumnPtr> value = default_of(aggregate, bound->type());
    if (!value.ok()) return scope.error(role + ": " + value.status().message());
    nullable = bound->nullable() || parameters[1]->value.is_null();
  }
  return Field{aggregate.name, bound->type(), nullable};
}

Result<Field> check_function(const Scope& scope, const OverFunction& function,
                             Aggregate& aggregate) {
  const std::string role = "aggregate " + quoted(aggregate.name);
  aggregate.function = function.name;
  DF_RETURN_IF_ERROR(check_plain(scope, aggregate, role));
  if (function.looks_ahead && !scope.plan().job.bounded) {
    return scope.error(role + ": " + aggregate.function +
                       " looks at rows that are still to come, which is for bounded jobs");
  }
  switch (function.kind) {
    case Kind::kLag:
    case Kind::kLead:
    case Kind::kNthValue: return check_offset(scope, aggregate, role);
    case Kind::kNtile:
      DF_RETURN_IF_ERROR(check_buckets(scope, aggregate, role));
      return Field{aggregate.name, Type::int64(), false};
    default: break;
  }
  if (aggregate.argument != nullptr || !aggregate.parameters.empty()) {
    return scope.error(role + ": " + aggregate.function + " takes no argument");
  }
  const bool share = function.kind == Kind::kPercentRank || function.kind == Kind::kCumeDist;
  return Field{aggregate.name, share ? Type::float64() : Type::int64(), false};
}

}  // namespace

std::span<const OverFunction> over_functions() { return kFunctions; }

const OverFunction* find_over_function(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const auto found = std::ranges::find(kFunctions, upper, &OverFunction::name);
  return found == kFunctions.end() ? nullptr : &*found;
}

int64_t offset_of(const Aggregate& aggregate) {
  return aggregate.parameters.empty() ? 1 : aggregate.parameters[0]->value.as_int();
}

int64_t buckets_of(const Aggregate& aggregate) { return aggregate.argument->value.as_int(); }

Result<ColumnPtr> default_of(const Aggregate& aggregate, const Type& type) {
  if (aggregate.parameters.size() < 2 || aggregate.parameters[1]->value.is_null()) {
    return column_of(type, {Value::null(type)});
  }
  static const auto kNothing = std::make_shared<const Schema>();
  DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound,
                      expr::bind(expr::cast(aggregate.parameters[1], type), *kNothing));
  expr::EvalContext context;
  DF_ASSIGN_OR_RETURN(ColumnPtr value, bound->evaluate(Batch{kNothing, 1}, {}, context));
  if (context.faults.empty()) return value;
  return Status::invalid("the default: " + context.faults.front().reason);
}

Result<Field> check_over_aggregate(const Scope& scope, Aggregate& aggregate) {
  const OverFunction* function = find_over_function(aggregate.function);
  if (function != nullptr) {
    if (aggregate.name.empty()) return scope.error("an aggregate has no name");
    return check_function(scope, *function, aggregate);
  }
  // A name near one of these is told; of aggregates check_aggregate() knows.
  std::vector<std::string> names;
  for (const OverFunction& known : kFunctions) names.emplace_back(known.name);
  const std::string near = suggestion(aggregate.function, names);
  if (!near.empty() && find_aggregate(aggregate.function) == nullptr) {
    return scope.error("aggregate " + quoted(aggregate.name) + ": there is no function " +
                       quoted(aggregate.function) + near);
  }
  DF_ASSIGN_OR_RETURN(Field field, check_aggregate(scope, aggregate));
  if (is_sketch(*find_aggregate(aggregate.function))) {
    return scope.error("aggregate " + quoted(aggregate.name) + ": " + aggregate.function +
                       " is of groups and windows, not OVER rows; use COUNT(DISTINCT …), or group");
  }
  // A filter may leave no row of a frame.
  field.nullable |= aggregate.function != "COUNT";
  return field;
}

}  // namespace dataflow::plan
