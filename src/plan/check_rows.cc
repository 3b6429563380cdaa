// Nodes that look at one row at a time, or let rows through.
#include <algorithm>
#include <set>

#include "scope.h"

namespace dataflow::plan {
namespace {

void pass_through(const Scope& scope) {
  scope.node().schema = scope.input().schema;
  scope.node().event_time = scope.input().event_time;
}

// The column by which a projection lets the event time through, under its old name if it can.
std::optional<std::string> kept_event_time(const Incoming& input, const ProjectSpec& spec) {
  std::optional<std::string> kept;
  if (!input.event_time) return kept;
  const auto time = input.schema->find(*input.event_time);
  for (const NamedExpression& column : spec.columns) {
    if (column.expression->kind != expr::Kind::kColumn) continue;
    if (input.schema->find(column.expression->name) != time) continue;
    if (!kept || column.name == *input.event_time) kept = column.name;
  }
  return kept;
}

Status check_same_columns(const Scope& scope, size_t i) {
  const Schema& first = *scope.input(0).schema;
  const Schema& other = *scope.input(i).schema;
  const auto& inputs = scope.node().inputs;
  const std::string whose = quoted(inputs[i].node) + " and " + quoted(inputs[0].node) + " differ: ";
  if (first.size() != other.size()) {
    return scope.error("inputs " + whose + std::to_string(other.size()) + " and " +
                       std::to_string(first.size()) + " columns");
  }
  for (size_t column = 0; column < first.size(); ++column) {
    const Field& a = first[column];
    const Field& b = other[column];
    if (a.name == b.name && a.type == b.type) continue;
    return scope.error("inputs " + whose + "column " + std::to_string(column + 1) + " is " +
                       b.name + " " + b.type.to_string() + " in one and " + a.name + " " +
                       a.type.to_string() + " in the other; project them to the same columns");
  }
  return {};
}

}  // namespace

Status check_filter(const Scope& scope, FilterSpec& spec) {
  DF_RETURN_IF_ERROR(scope.condition(spec.condition, *scope.input().schema, "condition"));
  pass_through(scope);
  return {};
}

Status check_project(const Scope& scope, ProjectSpec& spec) {
  if (spec.columns.empty()) return scope.error("selects no columns");
  std::set<std::string_view> names;
  std::vector<Field> fields;
  for (const NamedExpression& column : spec.columns) {
    if (column.name.empty()) return scope.error("a column that it selects has no name");
    if (!names.insert(column.name).second) {
      return scope.error("selects two columns named " + quoted(column.name));
    }
    DF_ASSIGN_OR_RETURN(
        const expr::BoundPtr bound,
        scope.bind(column.expression, *scope.input().schema, "column " + quoted(column.name)));
    if (bound->type().id() == TypeId::kNull) {
      return scope.error("column " + quoted(column.name) +
                         " has no type; write CAST(NULL AS ...) with the type that is meant");
    }
    fields.push_back({column.name, bound->type(), bound->nullable()});
  }
  scope.node().schema = std::make_shared<const Schema>(std::move(fields));
  scope.node().event_time = kept_event_time(scope.input(), spec);
  return {};
}

Status check_deduplicate(const Scope& scope, DeduplicateSpec& spec) {
  if (spec.keys.empty()) return scope.error("has no keys: say which columns make rows the same");
  DF_RETURN_IF_ERROR(scope.keys(*scope.input().schema, spec.keys, "key"));
  // Empty means processing time here.
  if (!spec.time_column.empty()) {
    DF_RETURN_IF_ERROR(scope.event_time(0, spec.time_column, "time column"));
  }
  DF_RETURN_IF_ERROR(scope.span(spec.ttl_ms, 0, "ttl_ms"));
  pass_through(scope);
  return {};
}

Status check_upsert(const Scope& scope, UpsertSpec& spec) {
  const Node& from = *scope.plan().find(scope.node().inputs[0].node);
  const auto* source = std::get_if<SourceSpec>(&from.spec);
  if (source == nullptr || source->upsert_keys.empty()) {
    return scope.error(
        "stands behind a source whose rows replace each other by key (upsert_keys), "
        "and " +
        quoted(from.id) + " is none");
  }
  DF_RETURN_IF_ERROR(scope.keys(*scope.input().schema, spec.keys, "key"));
  if (spec.keys != source->upsert_keys) {
    return scope.error("its keys are not those of source " + quoted(from.id));
  }
  DF_RETURN_IF_ERROR(scope.span(spec.ttl_ms, 0, "ttl_ms"));
  pass_through(scope);
  return {};
}

Status check_union(const Scope& scope) {
  std::vector<Field> fields = scope.input(0).schema->fields();
  std::optional<std::string> event_time = scope.input(0).event_time;
  for (size_t i = 1; i < scope.inputs().size(); ++i) {
    DF_RETURN_IF_ERROR(check_same_columns(scope, i));
    const Incoming& other = scope.input(i);
    for (size_t c = 0; c < fields.size(); ++c) fields[c].nullable |= (*other.schema)[c].nullable;
    if (other.event_time != event_time) event_time.reset();
  }
  scope.node().schema = std::make_shared<const Schema>(std::move(fields));
  scope.node().event_time = event_time;
  return {};
}

Status check_split(const Scope& scope, SplitSpec& spec) {
  if (spec.branches.empty()) return scope.error("has no branches");
  std::set<std::string_view> names;
  for (const auto& branch : spec.branches) {
    if (branch.name.empty()) return scope.error("a branch has no name");
    if (branch.name == "default") {
      return scope.error("a branch is named \"default\", which is the output of all other rows");
    }
    if (!names.insert(branch.name).second) {
      return scope.error("has two branches named " + quoted(branch.name));
    }
    DF_RETURN_IF_ERROR(scope.condition(branch.condition, *scope.input().schema,
                                       "condition of branch " + quoted(branch.name)));
  }
  pass_through(scope);
  return {};
}

Status check_sink(const Scope& scope, SinkSpec& spec) {
  if (spec.connector.empty()) return scope.error("has no connector");
  for (std::string& name : spec.key_columns) {
    DF_RETURN_IF_ERROR(scope.column(*scope.input().schema, name, "key column"));
  }
  pass_through(scope);
  return {};
}

}  // namespace dataflow::plan
