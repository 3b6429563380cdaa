#include "plan/share.h"

#include <algorithm>
#include <map>
#include <set>

#include "share_windows.h"
#include "spec_text.h"

namespace dataflow::plan {
namespace {

// Sources are one a table already, and what leaves through a sink is asked for twice.
bool may_be_one(const Spec& spec) {
  const bool fixed =
      std::holds_alternative<SourceSpec>(spec) || std::holds_alternative<SinkSpec>(spec) ||
      std::holds_alternative<SplitSpec>(spec) || std::holds_alternative<CustomSpec>(spec);
  return !fixed && !draws_at_random(spec);
}

// What the node does, and with what.
std::vector<std::string> doing_of(const Node& node) {
  std::vector<std::string> doing = {spec_text(node.spec),
                                    std::to_string(node.parallelism.value_or(0))};
  for (const Input& input : node.inputs) {
    doing.push_back(input.node);
    doing.push_back(input.output);
  }
  return doing;
}

// True if any were.
bool merge_equal(Plan& plan) {
  std::map<std::vector<std::string>, std::string> first;  // ids
  std::map<std::string, std::string> now;
  std::vector<Node> nodes;
  for (Node& node : plan.nodes) {
    for (Input& input : node.inputs) {
      if (const auto moved = now.find(input.node); moved != now.end()) input.node = moved->second;
    }
    if (may_be_one(node.spec)) {
      const auto [known, is_first] = first.try_emplace(doing_of(node), node.id);
      if (!is_first) {
        now[node.id] = known->second;
        continue;
      }
    }
    nodes.push_back(std::move(node));
  }
  plan.nodes = std::move(nodes);
  return !now.empty();
}

bool is_shared_anywhere(const Plan& plan) {
  std::set<size_t> kinds;
  return std::ranges::any_of(plan.nodes, [&](const Node& node) {
    return may_be_one(node.spec) && !kinds.insert(node.spec.index()).second;
  });
}

}  // namespace

Result<Plan> with_shared_nodes(const Plan& plan) {
  if (!is_shared_anywhere(plan)) return plan;
  Plan made = plan;
  while (merge_equal(made) || share_windows(made)) {
    const Status valid = validate(made);
    if (!valid.ok()) return valid.with_context("the plan with nodes that are shared");
  }
  return made;
}

}  // namespace dataflow::plan
