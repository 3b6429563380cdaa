#include "operators.h"

#include <algorithm>

#include "plan/analyze.h"
#include "stages.h"

namespace dataflow::engine {
namespace {

const char* spec_name(const plan::Spec& spec) {
  static constexpr const char* kNames[] = {"source",       "filter",        "project",     "window",
                                           "window join",  "interval join", "deduplicate", "union",
                                           "split",        "sink",          "operator",    "group",
                                           "join",         "temporal join", "rank",        "over",
                                           "window table", "upsert",        "unnest"};
  static_assert(std::size(kNames) == std::variant_size_v<plan::Spec>);
  return kNames[spec.index()];
}

std::vector<bool> outputs_read(const plan::Plan& plan, const plan::Node& node) {
  std::vector<bool> is_read(output_count(node), false);
  for (const plan::Node& reader : plan.nodes) {
    for (const plan::Input& input : reader.inputs) {
      if (input.node == node.id) is_read[output_index(node, input.output)] = true;
    }
  }
  return is_read;
}

}  // namespace

std::string operator_kind(const plan::Node& node) { return spec_name(node.spec); }

Result<std::unique_ptr<Operator>> make_operator(const plan::Plan& plan, const plan::Node& node,
                                                Connectors& connectors) {
  const SchemaPtr input = schema_of(plan, node.inputs.at(0));
  if (const auto* filter = std::get_if<plan::FilterSpec>(&node.spec)) {
    return make_filter(*filter, *input);
  }
  if (const auto* project = std::get_if<plan::ProjectSpec>(&node.spec)) {
    return make_project(*project, *input, node.schema);
  }
  if (const auto* window = std::get_if<plan::WindowSpec>(&node.spec)) {
    return make_window(*window, *input, node.schema);
  }
  if (const auto* join = std::get_if<plan::WindowJoinSpec>(&node.spec)) {
    return make_window_join(*join, schema_of(plan, node.inputs[0]), schema_of(plan, node.inputs[1]),
                            node.schema);
  }
  if (const auto* join = std::get_if<plan::IntervalJoinSpec>(&node.spec)) {
    return make_interval_join(*join, schema_of(plan, node.inputs[0]),
                              schema_of(plan, node.inputs[1]), node.schema);
  }
  if (const auto* join = std::get_if<plan::TemporalJoinSpec>(&node.spec)) {
    return make_temporal_join(*join, schema_of(plan, node.inputs[0]),
                              schema_of(plan, node.inputs[1]), node.schema);
  }
  if (const auto* join = std::get_if<plan::JoinSpec>(&node.spec)) {
    const bool updates = std::ranges::any_of(node.inputs, [&](const plan::Input& from) {
      return plan::origin_of_updates(plan, from) != nullptr;
    });
    return make_regular_join(*join, schema_of(plan, node.inputs[0]),
                             schema_of(plan, node.inputs[1]), node.schema,
                             {plan.job.bounded, updates});
  }
  if (std::holds_alternative<plan::UnionSpec>(node.spec)) return make_union(node.schema);
  if (const auto* split = std::get_if<plan::SplitSpec>(&node.spec)) {
    return make_split(*split, *input, outputs_read(plan, node));
  }
  if (const auto* once = std::get_if<plan::DeduplicateSpec>(&node.spec)) {
    return make_deduplicate(*once, node.schema, plan.job.bounded);
  }
  if (const auto* upsert = std::get_if<plan::UpsertSpec>(&node.spec)) {
    return make_upsert(*upsert, node.schema, plan.job.bounded);
  }
  if (std::holds_alternative<plan::GroupSpec>(node.spec)) return make_group(plan, node);
  if (const auto* rank = std::get_if<plan::RankSpec>(&node.spec)) {
    return make_rank(plan, node, *rank);
  }
  if (const auto* over = std::get_if<plan::OverSpec>(&node.spec)) {
    return make_over(*over, plan.job.bounded, input, node.schema);
  }
  if (const auto* table = std::get_if<plan::WindowTableSpec>(&node.spec)) {
    return make_window_table(*table, *input, node.schema);
  }
  if (const auto* unnest = std::get_if<plan::UnnestSpec>(&node.spec)) {
    return make_unnest(*unnest, *input, node.schema);
  }
  if (const auto* custom = std::get_if<plan::CustomSpec>(&node.spec)) {
    return connectors.make_operator(*custom, input, {plan.name, node.id, plan.job.bounded});
  }
  return Status::unsupported("step " + node.id + ": this engine does not have the operator `" +
                             operator_kind(node) + "` yet");
}

}  // namespace dataflow::engine
