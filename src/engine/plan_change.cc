#include "engine/plan_change.h"

#include <algorithm>

#include "expr/bound.h"

namespace dataflow::engine {
namespace {

using plan::Node;
using plan::Plan;

// What an operator's state is made of, in words: where they are equal, so are the states. Empty for
// a node without state.
using Shape = std::vector<std::pair<std::string, std::string>>;

std::string text(int64_t number) { return std::to_string(number); }
std::string ms(int64_t number) { return text(number) + " ms"; }

std::string types_of(const SchemaPtr& schema, const std::vector<std::string>& columns) {
  std::string types;
  for (const std::string& column : columns) {
    const auto index = schema->require(column);
    types += (types.empty() ? "" : ", ") +
             (index.ok() ? (*schema)[*index].type.to_string() : "unknown " + column);
  }
  return types;
}

std::string aggregates_of(const plan::WindowSpec& spec, const SchemaPtr& input) {
  std::string all;
  for (const plan::Aggregate& aggregate : spec.aggregates) {
    std::string argument = "*";
    if (aggregate.argument != nullptr) {
      const auto bound = expr::bind(aggregate.argument, *input);
      argument = bound.ok() ? (*bound)->type().to_string() : "unknown";
    }
    all += (all.empty() ? "" : ", ") + aggregate.function + "(" +
           (aggregate.distinct ? "DISTINCT " : "") + argument + ")";
  }
  return all;
}

Shape shape_of(const plan::SourceSpec& spec, const SchemaPtr& /*input*/) {
  Shape shape{{"its connector", spec.connector}};
  for (const char* name : {"topic", "stream", "path", "table"}) {
    const auto option = spec.options.find(name);
    if (option != spec.options.end()) shape.emplace_back("what it reads", option->second);
  }
  return shape;
}

Shape shape_of(const plan::WindowSpec& spec, const SchemaPtr& input) {
  return {{"the kind of window", text(static_cast<int>(spec.kind))},
          {"its time", spec.time == plan::TimeKind::kEvent ? "event time" : "processing time"},
          {"the size", ms(spec.size_ms)},
          {"the slide", ms(spec.slide_ms)},
          {"the gap", ms(spec.gap_ms)},
          {"the count", text(spec.count) + " by " + text(spec.count_slide)},
          {"the offset", ms(spec.offset_ms)},
          {"the types of its keys", types_of(input, spec.keys)},
          {"its aggregates", aggregates_of(spec, input)}};
}

Shape shape_of(const Plan& plan, const Node& node, const plan::WindowJoinSpec& spec) {
  const SchemaPtr left = plan::schema_of(plan, node.inputs.at(0));
  const SchemaPtr right = plan::schema_of(plan, node.inputs.at(1));
  return {{"the kind of join", text(static_cast<int>(spec.kind))},
          {"the size", ms(spec.size_ms)},
          {"the types of its keys", types_of(left, spec.left_keys)},
          {"its left columns", left->to_string()},
          {"its right columns", right->to_string()}};
}

Shape shape_of(const Plan& plan, const Node& node, const plan::IntervalJoinSpec& spec) {
  const SchemaPtr left = plan::schema_of(plan, node.inputs.at(0));
  const SchemaPtr right = plan::schema_of(plan, node.inputs.at(1));
  return {{"the kind of join", text(static_cast<int>(spec.kind))},
          {"its bounds", ms(spec.lower_ms) + " to " + ms(spec.upper_ms)},
          {"the types of its keys", types_of(left, spec.left_keys)},
          {"its left columns", left->to_string()},
          {"its right columns", right->to_string()}};
}

Shape shape_of(const plan::DeduplicateSpec& spec, const SchemaPtr& input) {
  return {{"which row it keeps", spec.keep_last ? "the last" : "the first"},
          {"the types of its keys", types_of(input, spec.keys)},
          {"its columns", input->to_string()}};
}

Shape shape_of(const Plan& plan, const Node& node) {
  const SchemaPtr input = node.inputs.empty() ? nullptr : plan::schema_of(plan, node.inputs[0]);
  if (const auto* spec = std::get_if<plan::SourceSpec>(&node.spec)) return shape_of(*spec, input);
  if (const auto* spec = std::get_if<plan::WindowSpec>(&node.spec)) return shape_of(*spec, input);
  if (const auto* spec = std::get_if<plan::WindowJoinSpec>(&node.spec)) {
    return shape_of(plan, node, *spec);
  }
  if (const auto* spec = std::get_if<plan::IntervalJoinSpec>(&node.spec)) {
    return shape_of(plan, node, *spec);
  }
  if (const auto* spec = std::get_if<plan::DeduplicateSpec>(&node.spec)) {
    return shape_of(*spec, input);
  }
  return {};
}

std::string difference(const Plan& running, const Node& before, const Plan& next) {
  const Shape old_shape = shape_of(running, before);
  if (old_shape.empty()) return {};
  const Node* after = next.find(before.id);
  const std::string kind(plan::kind_name(before.spec));
  if (after == nullptr) return "the " + kind + " `" + before.id + "` is gone";
  if (after->spec.index() != before.spec.index()) {
    return "the " + kind + " `" + before.id + "` is a " +
           std::string(plan::kind_name(after->spec)) + " now";
  }
  const Shape new_shape = shape_of(next, *after);
  for (size_t i = 0; i < std::max(old_shape.size(), new_shape.size()); ++i) {
    if (i >= old_shape.size() || i >= new_shape.size()) {
      return "what the " + kind + " `" + before.id + "` reads was changed";
    }
    if (old_shape[i] == new_shape[i]) continue;
    return old_shape[i].first + " of the " + kind + " `" + before.id + "` was " +
           old_shape[i].second + " and is " + new_shape[i].second + " now";
  }
  return {};
}

}  // namespace

Status check_plan_change(const Plan& running, const Plan& next) {
  std::string differences;
  for (const Node& node : running.nodes) {
    const std::string found = difference(running, node, next);
    if (!found.empty()) differences += (differences.empty() ? "" : "; ") + found;
  }
  if (differences.empty()) return {};
  return Status::conflict("the state of job " + running.name +
                          " does not fit the changed plan: " + differences +
                          ". Give what is changed another id and begin it anew under another "
                          "pipeline, or keep it as it was");
}

}  // namespace dataflow::engine
