#include "plan/rewrite.h"

#include <algorithm>
#include <set>

#include "columns_read.h"

namespace dataflow::plan {
namespace {

// The nodes that the node's rows come through.
void add_sources_of(const Plan& plan, const std::string& id, std::set<std::string>& to) {
  for (const Input& input : plan.find(id)->inputs) {
    if (to.insert(input.node).second) add_sources_of(plan, input.node, to);
  }
}

}  // namespace

Result<Plan> with_columns_read(const Plan& plan) {
  const ColumnsRead read(plan);
  Plan made = plan;
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    const Node& node = plan.nodes[i];
    if (const auto* source = std::get_if<SourceSpec>(&node.spec)) {
      std::vector<std::string> columns = read.of_source(node);
      if (columns.size() == source->schema->size()) continue;
      std::get<SourceSpec>(made.nodes[i].spec).read = std::move(columns);
    } else if (std::holds_alternative<ProjectSpec>(node.spec)) {
      std::get<ProjectSpec>(made.nodes[i].spec).columns = read.of_projection(node);
    }
  }
  Status valid = validate(made);
  if (!valid.ok()) return valid.with_context("the plan with the columns that are read");
  return made;
}

Result<Plan> to_run(const Plan& plan) {
  DF_ASSIGN_OR_RETURN(const Plan moved, with_moved_filters(plan));
  return with_columns_read(moved);
}

std::vector<MovedFilter> moved_filters(const Plan& plan, const Plan& run) {
  std::vector<MovedFilter> all;
  for (const Node& node : plan.nodes) {
    MovedFilter moved{node.id, {}, run.find(node.id) == nullptr};
    for (const Node& part : run.nodes) {
      if (part.part_of != node.id) continue;
      for (const Node& reader : run.nodes) {
        const bool reads = std::ranges::any_of(
            reader.inputs, [&](const Input& input) { return input.node == part.id; });
        if (reads && std::ranges::find(moved.before, reader.shown_id()) == moved.before.end()) {
          moved.before.push_back(reader.shown_id());
        }
      }
    }
    if (!moved.before.empty()) all.push_back(std::move(moved));
  }
  return all;
}

std::vector<std::string> left_out(const Plan& plan, const Plan& run, const std::string& node) {
  std::set<std::string> before, before_in_run;
  add_sources_of(plan, node, before);
  add_sources_of(run, node, before_in_run);
  std::vector<std::string> conditions;
  for (const std::string& id : before_in_run) {
    const Node& part = *run.find(id);
    if (part.part_of.empty() || before.contains(part.part_of)) continue;
    conditions.push_back(std::get<FilterSpec>(part.spec).condition->to_string());
  }
  std::ranges::sort(conditions);
  return conditions;
}

}  // namespace dataflow::plan
