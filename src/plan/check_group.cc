#include "plan/aggregate.h"
#include "plan/analyze.h"
#include "scope.h"

namespace dataflow::plan {

namespace {

// What went into a sketch cannot be taken out again.
Status check_sketch_input(const Scope& scope, const Aggregate& aggregate) {
  if (!is_sketch(*find_aggregate(aggregate.function))) return {};
  const Node* origin = origin_of_updates(scope.plan(), scope.node().inputs[0]);
  if (origin == nullptr) return {};
  return scope.error("aggregate " + quoted(aggregate.name) + ": " + aggregate.function +
                     " cannot take rows back, and " + quoted(origin->id) +
                     " makes updates of its rows; use COUNT(DISTINCT …) or MIN, MAX and AVG there, "
                     "aggregate within windows, or run in batch mode");
}

}  // namespace

Status check_group(const Scope& scope, GroupSpec& spec) {
  const Schema& schema = *scope.input().schema;
  DF_RETURN_IF_ERROR(scope.keys(schema, spec.keys, "key"));
  DF_RETURN_IF_ERROR(scope.span(spec.ttl_ms, 0, "ttl_ms"));
  if (spec.aggregates.empty() && spec.keys.empty()) {
    return scope.error("has neither keys nor aggregates");
  }
  std::vector<Field> fields;
  for (const std::string& key : spec.keys) fields.push_back(schema[*schema.find(key)]);
  for (Aggregate& aggregate : spec.aggregates) {
    DF_ASSIGN_OR_RETURN(Field field, check_aggregate(scope, aggregate));
    DF_RETURN_IF_ERROR(check_sketch_input(scope, aggregate));
    // The one group of a bounded job may be of no rows.
    const bool may_be_empty = spec.keys.empty() && scope.plan().job.bounded;
    field.nullable |= may_be_empty && aggregate.function != "COUNT";
    fields.push_back(std::move(field));
  }
  DF_RETURN_IF_ERROR(scope.different_names(fields));
  scope.node().schema = std::make_shared<const Schema>(std::move(fields));
  return {};
}

}  // namespace dataflow::plan
