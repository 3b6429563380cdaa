#include <algorithm>

#include "plan/analyze.h"

namespace dataflow::plan {
namespace {

using Keys = std::optional<std::vector<std::string>>;

Keys keys_wanted(const Spec& spec, size_t input) {
  if (const auto* window = std::get_if<WindowSpec>(&spec)) return window->keys;
  if (const auto* once = std::get_if<DeduplicateSpec>(&spec)) return once->keys;
  if (const auto* upsert = std::get_if<UpsertSpec>(&spec)) return upsert->keys;
  if (const auto* group = std::get_if<GroupSpec>(&spec)) return group->keys;
  if (const auto* rank = std::get_if<RankSpec>(&spec)) return rank->keys;
  if (const auto* over = std::get_if<OverSpec>(&spec)) return over->keys;
  if (const auto* join = std::get_if<JoinSpec>(&spec)) {
    return input == 0 ? join->left_keys : join->right_keys;
  }
  if (const auto* join = std::get_if<TemporalJoinSpec>(&spec)) {
    return input == 0 ? join->left_keys : join->right_keys;
  }
  if (const auto* join = std::get_if<WindowJoinSpec>(&spec)) {
    return input == 0 ? join->left_keys : join->right_keys;
  }
  if (const auto* join = std::get_if<IntervalJoinSpec>(&spec)) {
    return input == 0 ? join->left_keys : join->right_keys;
  }
  if (const auto* custom = std::get_if<CustomSpec>(&spec); custom && !custom->keys.empty()) {
    return custom->keys;
  }
  return std::nullopt;
}

// A join of the left side's columns; rows without a left side have no left keys.
template <class Spec>
Keys keys_of_join(const Node& node, const Spec& spec, size_t first) {
  if (spec.kind == JoinKind::kRight || spec.kind == JoinKind::kFull) return std::nullopt;
  std::vector<std::string> keys;
  for (const std::string& key : spec.left_keys) {
    // Only window columns stand in front of them, and might have taken the name.
    const auto at = node.schema->find(key);
    if (!at || *at < first) return std::nullopt;
    keys.push_back(key);
  }
  return keys;
}

Keys keys_of_output(const Plan& plan, const Node& node);

// Each key's first name behind the projection.
Keys projected(const ProjectSpec& spec, const Schema& schema, const Keys& before) {
  if (!before) return std::nullopt;
  std::vector<std::string> keys;
  for (const std::string& key : *before) {
    const auto column = std::ranges::find_if(spec.columns, [&](const NamedExpression& named) {
      return named.expression->kind == expr::Kind::kColumn &&
             schema.find(named.expression->name) == schema.find(key);
    });
    if (column == spec.columns.end()) return std::nullopt;
    keys.push_back(column->name);
  }
  return keys;
}

// By which columns equal rows of the input are at one task.
Keys keys_of_input(const Plan& plan, const Node& node, size_t i) {
  const Input& input = node.inputs[i];
  const Node* from = plan.find(input.node);
  if (from->parallelism != node.parallelism) return std::nullopt;
  const bool late = input.output == "late" && std::holds_alternative<WindowSpec>(from->spec);
  return late ? keys_wanted(from->spec, 0) : keys_of_output(plan, *from);
}

Keys keys_of_output(const Plan& plan, const Node& node) {
  if (const auto* join = std::get_if<WindowJoinSpec>(&node.spec)) {
    return keys_of_join(node, *join, 3);
  }
  if (const auto* join = std::get_if<IntervalJoinSpec>(&node.spec)) {
    return keys_of_join(node, *join, 0);
  }
  if (const auto* join = std::get_if<JoinSpec>(&node.spec)) return keys_of_join(node, *join, 0);
  if (const auto* join = std::get_if<TemporalJoinSpec>(&node.spec)) {
    return keys_of_join(node, *join, 0);
  }
  if (std::holds_alternative<CustomSpec>(node.spec)) return std::nullopt;  // what it likes
  if (const Keys own = keys_wanted(node.spec, 0)) return own;
  if (const auto* project = std::get_if<ProjectSpec>(&node.spec)) {
    return projected(*project, *schema_of(plan, node.inputs[0]), keys_of_input(plan, node, 0));
  }
  if (std::holds_alternative<FilterSpec>(node.spec) ||
      std::holds_alternative<SplitSpec>(node.spec) ||
      std::holds_alternative<WindowTableSpec>(node.spec)) {
    return keys_of_input(plan, node, 0);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Exchange> exchange_of(const Plan& plan, const Node& node, size_t input) {
  Keys keys = keys_wanted(node.spec, input);
  if (!keys) return std::nullopt;
  // The same columns in the same order: key groups come of the hash over all of them.
  const bool already = keys_of_input(plan, node, input) == keys;
  return Exchange{std::move(*keys), already};
}

}  // namespace dataflow::plan
