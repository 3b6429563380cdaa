#include <algorithm>

#include "base/edit_distance.h"
#include "expr/bound.h"
#include "expr/json_call.h"
#include "plan/aggregate.h"
#include "scope.h"

namespace dataflow::plan {
namespace {

using expr::ExpressionPtr;

// As that type, which only numbers become. What has it stays as it is: plans are checked again.
Status make_number(const Scope& scope, const AggregateFunction& function, const std::string& role,
                   const Type& type, ExpressionPtr& value) {
  DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, scope.bind(value, *scope.input().schema, role));
  const bool takes = type.is_integer() ? bound->type().is_integer() : bound->type().is_numeric();
  if (!takes) {
    return scope.error(role + ": " + std::string(function.name) + " takes " +
                       (type.is_integer() ? "a whole number of times" : "numbers") + ", not " +
                       bound->type().to_string());
  }
  if (!(bound->type() == type)) value = expr::cast(value, type, value->place);
  return {};
}

// As JSON: what is JSON already, or is made of it, is put in as it is.
Status make_json(const Scope& scope, const std::string& role, ExpressionPtr& value) {
  DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, scope.bind(value, *scope.input().schema, role));
  if (bound->type().id() == TypeId::kJson) return {};
  if (!expr::makes_json(*value)) value = expr::call("JSON_STRING", {value}, value->place);
  value = expr::cast(value, Type::json(), value->place);
  return {};
}

bool is_pair(const expr::Expression& argument) {
  return argument.kind == expr::Kind::kCall && argument.name == "ROW" &&
         argument.arguments.size() == 2;
}

// ROW(y, x), both DOUBLE.
Status complete_pair(const Scope& scope, const AggregateFunction& function, const std::string& role,
                     ExpressionPtr& argument) {
  if (argument == nullptr || !is_pair(*argument)) {
    return scope.error(role + ": " + std::string(function.name) + " takes two numbers: ROW(y, x)");
  }
  auto made = std::make_shared<expr::Expression>(*argument);
  for (ExpressionPtr& value : made->arguments) {
    DF_RETURN_IF_ERROR(make_number(scope, function, role, Type::float64(), value));
  }
  argument = std::move(made);
  return {};
}

// What the engine gathers of the rows: of two arguments ROW(a, b).
Status complete_argument(const Scope& scope, const AggregateFunction& function,
                         const std::string& role, ExpressionPtr& argument) {
  using Kind = AggregateKind;
  const Kind kind = function.kind;
  const bool percentile = kind == Kind::kPercentile || kind == Kind::kMedian;
  const bool object = kind == Kind::kJsonObjectAgg;
  if (is_of_pairs(function)) return complete_pair(scope, function, role, argument);
  if (!percentile && !object && kind != Kind::kJsonArrayAgg) return {};
  const bool pair = is_pair(*argument) && kind != Kind::kMedian && kind != Kind::kJsonArrayAgg;
  if (object && !pair) {
    return scope.error(role + ": JSON_OBJECTAGG takes a key and a value: ROW(key, value)");
  }
  if (!pair) {
    return percentile ? make_number(scope, function, role, Type::float64(), argument)
                      : make_json(scope, role, argument);
  }
  auto made = std::make_shared<expr::Expression>(*argument);
  ExpressionPtr& first = made->arguments[0];
  ExpressionPtr& second = made->arguments[1];
  if (object) {
    DF_RETURN_IF_ERROR(make_json(scope, role, first));
    DF_RETURN_IF_ERROR(make_json(scope, role, second));
  } else {
    DF_RETURN_IF_ERROR(make_number(scope, function, role, Type::float64(), first));
    DF_RETURN_IF_ERROR(make_number(scope, function, role, Type::int64(), second));
  }
  argument = std::move(made);
  return {};
}

// What a value of JSON was before it became that, as a plan that is checked again has it.
const ExpressionPtr& without_json(const ExpressionPtr& value) {
  const bool cast = value->kind == expr::Kind::kCast && value->type.id() == TypeId::kJson;
  const bool call = value->kind == expr::Kind::kCall && value->name == "JSON_STRING";
  return (cast || call) && value->arguments.size() == 1 ? without_json(value->arguments[0]) : value;
}

// ROW(value, key, …), of which the value is completed like any argument.
Status complete_ordered(const Scope& scope, const AggregateFunction& function,
                        const std::string& role, Aggregate& aggregate) {
  const expr::Expression& row = *aggregate.argument;
  const size_t keys = aggregate.order.size();
  if (!is_of_order(function)) {
    return scope.error(role + ": " + aggregate.function + " knows no order of its values");
  }
  if (row.kind != expr::Kind::kCall || row.name != "ROW" || row.arguments.size() != keys + 1) {
    return scope.error(role + ": in an order, " + aggregate.function +
                       " takes ROW(value, key, …) with a key for each part of the order");
  }
  auto made = std::make_shared<expr::Expression>(row);
  DF_RETURN_IF_ERROR(complete_argument(scope, function, role, made->arguments[0]));
  for (size_t i = 1; i <= keys; ++i) {
    DF_ASSIGN_OR_RETURN(const expr::BoundPtr key,
                        scope.bind(made->arguments[i], *scope.input().schema, role));
    if (is_ordered(key->type())) continue;
    return scope.error(role + ": values are put in order by " + key->type().to_string() +
                       ", which has none; cast it, or take a field of it");
  }
  if (aggregate.distinct) {
    // Equal values stand at one place only where their keys are nothing but the value.
    const std::string value = without_json(row.arguments[0])->to_string();
    const auto is_value = [&](const ExpressionPtr& key) {
      return without_json(key)->to_string() == value;
    };
    if (!std::all_of(row.arguments.begin() + 1, row.arguments.end(), is_value)) {
      return scope.error(role +
                         ": with DISTINCT the values themselves are the order; order by the value, "
                         "or leave out DISTINCT");
    }
  }
  aggregate.argument = std::move(made);
  return {};
}

Status complete(const Scope& scope, const AggregateFunction& function, const std::string& role,
                Aggregate& aggregate) {
  // Which value stands where hangs on the values themselves.
  if (function.kind == AggregateKind::kPercentileDisc && aggregate.order.empty()) {
    const ExpressionPtr value = aggregate.argument;
    aggregate.argument = expr::call("ROW", {value, value}, value->place);
    aggregate.order = {{}};
  }
  if (!aggregate.order.empty()) return complete_ordered(scope, function, role, aggregate);
  return complete_argument(scope, function, role, aggregate.argument);
}

// JSON is told apart by how it is written.
bool can_be_distinct(const AggregateFunction& function, const Aggregate& aggregate,
                     const Type& argument) {
  const Type& type = aggregate.order.empty() ? argument : argument.fields().front().type;
  if (function.kind == AggregateKind::kJsonArrayAgg) return type.id() == TypeId::kJson;
  return is_groupable(type) && !is_of_pairs(function);
}

}  // namespace

Result<Field> check_aggregate(const Scope& scope, Aggregate& aggregate) {
  const Schema& schema = *scope.input().schema;
  if (aggregate.name.empty()) return scope.error("an aggregate has no name");
  const std::string role = "aggregate " + quoted(aggregate.name);
  const AggregateFunction* function = find_aggregate(aggregate.function);
  if (function == nullptr) {
    std::vector<std::string> names;
    std::string all;
    for (const auto& known : aggregate_functions()) {
      names.emplace_back(known.name);
      all += (all.empty() ? "" : ", ") + names.back();
    }
    const std::string near = suggestion(aggregate.function, names);
    return scope.error(role + ": there is no aggregate function " + quoted(aggregate.function) +
                       (near.empty() ? "; there are " + all : near));
  }
  aggregate.function = function->name;
  std::optional<Type> argument;
  bool nullable = false;
  if (aggregate.argument != nullptr) {
    DF_RETURN_IF_ERROR(complete(scope, *function, role, aggregate));
    DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, scope.bind(aggregate.argument, schema, role));
    argument = bound->type();
    nullable = bound->nullable();
  }
  if (aggregate.distinct && !argument) return scope.error(role + ": DISTINCT needs an argument");
  if (aggregate.distinct && !can_be_distinct(*function, aggregate, *argument)) {
    return scope.error(role + ": DISTINCT does not take " + argument->to_string() +
                       "; cast it to STRING, or take a field of it");
  }
  if (aggregate.filter != nullptr) {
    DF_RETURN_IF_ERROR(scope.condition(aggregate.filter, schema, role + ", filter"));
    nullable = true;
  }
  const Status parameters = check_parameters(*function, aggregate);
  if (!parameters.ok()) return scope.error(role + ": " + parameters.message());
  const auto type = aggregate_type(aggregate, argument, nullable);
  if (!type.ok()) return scope.error(role + ": " + type.status().message());
  return Field{aggregate.name, type->type, type->nullable};
}

}  // namespace dataflow::plan
