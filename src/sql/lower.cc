#include "lower.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "keyed_sink.h"
#include "names.h"
#include "plan/analyze.h"

namespace dataflow::sql {
namespace {

bool is_cheap(const expr::Expression& expression) {
  return expression.kind == expr::Kind::kColumn || expression.kind == expr::Kind::kLiteral;
}

void count_columns(const expr::Expression& expression, std::map<std::string, int>& counts) {
  if (expression.kind == expr::Kind::kColumn) ++counts[expression.name];
  for (const ExpressionPtr& argument : expression.arguments) count_columns(*argument, counts);
}

// Whether the columns of `outer` may be written over the input of `inner`: nothing is computed
// twice.
bool can_merge(const std::vector<plan::NamedExpression>& outer, const ProjectRel& inner) {
  std::map<std::string, int> counts;
  for (const plan::NamedExpression& column : outer) count_columns(*column.expression, counts);
  return std::ranges::all_of(inner.columns, [&](const plan::NamedExpression& column) {
    return is_cheap(*column.expression) || counts[column.name] <= 1;
  });
}

std::vector<plan::NamedExpression> merged(std::vector<plan::NamedExpression> outer,
                                          const ProjectRel& inner) {
  for (plan::NamedExpression& column : outer) {
    column.expression = with_columns(column.expression, [&](const ExpressionPtr& name) {
      const auto found = std::ranges::find(inner.columns, name->name, &plan::NamedExpression::name);
      return found == inner.columns.end() ? name : found->expression;
    });
  }
  return outer;
}

bool lets_all_through(const Schema& schema, const std::vector<plan::NamedExpression>& columns) {
  if (schema.size() != columns.size()) return false;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].expression->kind != expr::Kind::kColumn ||
        columns[i].expression->name != schema[i].name || columns[i].name != schema[i].name) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string Lowering::free_id(const std::string& wanted) {
  std::string id = wanted;
  for (int i = 2; plan_.find(id) != nullptr; ++i) id = wanted + "_" + std::to_string(i);
  return id;
}

std::string Lowering::add(const std::string& kind, plan::Spec spec, std::vector<std::string> inputs,
                          Place place) {
  plan::Node node;
  node.id = free_id(kind + "_" + std::to_string(++counts_[kind]));
  for (std::string& input : inputs) node.inputs.push_back({std::move(input), ""});
  node.spec = std::move(spec);
  node.place = place;
  plan_.nodes.push_back(std::move(node));
  return plan_.nodes.back().id;
}

Result<std::string> Lowering::lower(const RelPtr& rel) {
  if (const auto done = done_.find(rel.get()); done != done_.end()) return done->second;
  DF_ASSIGN_OR_RETURN(std::string id, lower_new(rel));
  done_.emplace(rel.get(), id);
  kept_.push_back(rel);
  return id;
}

Result<std::string> Lowering::lower_new(const RelPtr& rel) {
  if (const auto* scan = rel->as<ScanRel>()) {
    plan::Node node;
    node.id = free_id(scan->table);
    node.spec = scan->spec;
    node.place = rel->place;
    plan_.nodes.push_back(std::move(node));
    return plan_.nodes.back().id;
  }
  if (const auto* upsert = rel->as<UpsertRel>()) {
    DF_ASSIGN_OR_RETURN(std::string input, lower(rel->input()));
    return add("upsert", plan::UpsertSpec{rel->key, ttl_ms_, upsert->versions}, {std::move(input)},
               rel->place);
  }
  if (const auto* values = rel->as<ValuesRel>()) return lower_values(*rel, *values);
  if (const auto* filter = rel->as<FilterRel>()) {
    DF_ASSIGN_OR_RETURN(std::string input, lower(rel->input()));
    return add("filter", plan::FilterSpec{filter->condition}, {std::move(input)}, rel->place);
  }
  if (const auto* project = rel->as<ProjectRel>()) {
    return lower_project(rel->input(), project->columns, rel->place);
  }
  if (const auto* unnest = rel->as<UnnestRel>()) return lower_unnest(*rel, *unnest);
  if (const auto* aggregate = rel->as<AggregateRel>()) return lower_aggregate(*rel, *aggregate);
  if (rel->as<UnionRel>() != nullptr) {
    std::vector<std::string> inputs;
    for (const RelPtr& input : rel->inputs) {
      DF_ASSIGN_OR_RETURN(std::string id, lower(input));
      inputs.push_back(std::move(id));
    }
    return add("union", plan::UnionSpec{}, std::move(inputs), rel->place);
  }
  if (const auto* join = rel->as<JoinRel>()) return lower_join(*rel, *join);
  if (const auto* rank = rel->as<RankRel>()) return lower_rank(*rel, *rank, true);
  if (const auto* over = rel->as<OverRel>()) {
    DF_ASSIGN_OR_RETURN(std::string input, lower(rel->input()));
    return add("over", over_spec(*rel->input(), over->spec), {std::move(input)}, rel->place);
  }
  return lower_window_table(*rel, std::get<WindowTableRel>(rel->what));
}

// In a stream PROCTIME() rises with each row, so that none has a peer.
plan::OverSpec Lowering::over_spec(const Rel& input, plan::OverSpec spec) const {
  const bool now = !bounded_ && spec.order.size() == 1 && !spec.order[0].descending &&
                   input.processing_times.contains(spec.order[0].column);
  if (!now) return spec;
  spec.time = plan::TimeKind::kProcessing;
  spec.order.clear();
  if (spec.preceding == plan::kWithoutBound) spec.unit = plan::FrameUnit::kRows;
  return spec;
}

Result<std::string> Lowering::lower_values(const Rel& rel, const ValuesRel& values) {
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& row : values.rows) {
    nlohmann::json cells = nlohmann::json::array();
    for (const Value& value : row) {
      cells.push_back(nlohmann::json::parse(expr::to_json(*expr::literal(value))));
    }
    rows.push_back(std::move(cells));
  }
  plan::SourceSpec spec;
  spec.connector = "values";
  spec.options["rows"] = rows.dump();
  spec.schema = rel.schema;
  return add("values", std::move(spec), {}, rel.place);
}

Result<std::string> Lowering::lower_project(const RelPtr& input,
                                            std::vector<plan::NamedExpression> columns,
                                            Place place) {
  if (const auto* inner = input->as<ProjectRel>(); inner && can_merge(columns, *inner)) {
    return lower_project(input->input(), merged(std::move(columns), *inner), place);
  }
  if (const auto* rank = input->as<RankRel>(); rank && !rank->spec.number.empty()) {
    std::map<std::string, int> counts;
    for (const plan::NamedExpression& column : columns) count_columns(*column.expression, counts);
    if (!counts.contains(rank->spec.number)) {
      DF_ASSIGN_OR_RETURN(std::string below, lower_rank(*input, *rank, false));
      if (lets_all_through(*input->input()->schema, columns)) return below;
      return add("project", plan::ProjectSpec{std::move(columns)}, {std::move(below)}, place);
    }
  }
  DF_ASSIGN_OR_RETURN(std::string below, lower(input));
  if (lets_all_through(*input->schema, columns)) return below;
  return add("project", plan::ProjectSpec{std::move(columns)}, {std::move(below)}, place);
}

Result<std::string> Lowering::lower_aggregate(const Rel& rel, const AggregateRel& aggregate) {
  if (aggregate.by_window) return lower_window(rel, aggregate);
  plan::GroupSpec spec;
  spec.keys = aggregate.keys;
  spec.aggregates = aggregate.aggregates;
  spec.ttl_ms = ttl_ms_;
  DF_ASSIGN_OR_RETURN(std::string input, lower(rel.input()));
  return add("group", std::move(spec), {std::move(input)}, rel.place);
}

Status Lowering::add_sink(const RelPtr& rel, std::vector<plan::NamedExpression> columns,
                          std::string id, plan::SinkSpec sink, Place place) {
  DF_ASSIGN_OR_RETURN(std::string input, lower_project(rel, std::move(columns), place));
  const auto& keys = sink.key_columns;
  if (!keys.empty() && !bounded_ && plan::origin_of_updates(plan_, {input, ""}) != nullptr &&
      !travels_by(plan_, input, keys)) {
    // Of the rows that stand for a key at a moment, which may be an old one and what replaces it,
    // the one that came first, until it goes.
    plan::RankSpec spec;
    spec.keys = keys;
    for (const std::string& key : keys) spec.order.push_back({key});
    spec.last = 1;
    spec.ttl_ms = ttl_ms_;
    input = add("keyed", std::move(spec), {std::move(input)}, place);
  }
  plan::Node node;
  node.id = free_id(id);
  node.inputs.push_back({std::move(input), ""});
  node.spec = std::move(sink);
  node.place = place;
  plan_.nodes.push_back(std::move(node));
  return {};
}

}  // namespace dataflow::sql
