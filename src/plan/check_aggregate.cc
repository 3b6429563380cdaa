#include "base/edit_distance.h"
#include "plan/aggregate.h"
#include "scope.h"

namespace dataflow::plan {

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
    DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, scope.bind(aggregate.argument, schema, role));
    argument = bound->type();
    nullable = bound->nullable();
  }
  if (aggregate.distinct && !argument) return scope.error(role + ": DISTINCT needs an argument");
  if (aggregate.distinct && !is_groupable(*argument)) {
    return scope.error(role + ": DISTINCT does not take " + argument->to_string() +
                       "; cast it to STRING, or take a field of it");
  }
  if (aggregate.filter != nullptr) {
    DF_RETURN_IF_ERROR(scope.condition(aggregate.filter, schema, role + ", filter"));
    nullable = true;
  }
  if (aggregate.parameters.size() != parameters_of(*function)) {
    return scope.error(role + ": " + aggregate.function + " is written " +
                       std::string(function->signature));
  }
  if (function->kind == AggregateKind::kApproxPercentile) {
    const auto place = place_of(aggregate);
    if (!place.ok()) return scope.error(role + ": " + place.status().message());
  }
  const auto type = aggregate_type(*function, argument, nullable);
  if (!type.ok()) return scope.error(role + ": " + type.status().message());
  return Field{aggregate.name, type->type, type->nullable};
}

}  // namespace dataflow::plan
