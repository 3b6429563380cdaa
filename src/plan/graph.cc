#include "graph.h"

#include <algorithm>
#include <set>

#include "base/edit_distance.h"
#include "scope.h"

namespace dataflow::plan {
namespace {

struct Arity {
  size_t least;
  size_t most;
  std::string_view words;
};

Arity arity_of(const Spec& spec) {
  if (std::holds_alternative<SourceSpec>(spec)) return {0, 0, "no input"};
  if (std::holds_alternative<UnionSpec>(spec)) return {2, SIZE_MAX, "two inputs or more"};
  if (std::holds_alternative<WindowJoinSpec>(spec) ||
      std::holds_alternative<IntervalJoinSpec>(spec) || std::holds_alternative<JoinSpec>(spec) ||
      std::holds_alternative<TemporalJoinSpec>(spec)) {
    return {2, 2, "two inputs, left and right"};
  }
  return {1, 1, "one input"};
}

// "" is the main one.
std::vector<std::string> outputs_of(const Node& node) {
  if (std::holds_alternative<SinkSpec>(node.spec)) return {};
  if (const auto* window = std::get_if<WindowSpec>(&node.spec); window && window->late_output) {
    return {"", "late"};
  }
  const auto* split = std::get_if<SplitSpec>(&node.spec);
  if (split == nullptr) return {""};
  std::vector<std::string> names;
  for (const auto& branch : split->branches) names.push_back(branch.name);
  names.emplace_back("default");
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) {
    if (!name.empty()) all += (all.empty() ? "" : ", ") + name;
  }
  return all;
}

Status check_ids(const Plan& plan) {
  std::set<std::string_view> seen;
  for (const Node& node : plan.nodes) {
    if (node.id.empty())
      return error_at(node, "has no id; give it one that stays, its state has it");
    if (!seen.insert(node.id).second) {
      return error_at(node, "the id is taken by " +
                                std::string(kind_name(plan.find(node.id)->spec)) + " " +
                                quoted(node.id) + "; give one of them another");
    }
  }
  return {};
}

Status check_output(const Node& node, const Node& from, const std::string& output) {
  const std::string name = std::string(kind_name(from.spec)) + " " + quoted(from.id);
  const auto outputs = outputs_of(from);
  if (std::ranges::find(outputs, output) != outputs.end()) return {};
  if (outputs.empty()) return error_at(node, "reads " + name + ", but a sink has no output");
  if (output.empty()) {
    return error_at(node, "does not say which output of " + name + " it reads: " + listed(outputs));
  }
  const std::string unknown = "there is no output " + quoted(output) + " of " + name;
  if (output == "late" && std::holds_alternative<WindowSpec>(from.spec)) {
    return error_at(node, unknown + "; set late_output there");
  }
  const std::string near = suggestion(output, outputs);
  if (!near.empty()) return error_at(node, unknown + near);
  if (outputs.size() == 1) return error_at(node, unknown + ", which has only its main one");
  return error_at(node, unknown + "; there are " + listed(outputs));
}

Status check_inputs(const Plan& plan, const Node& node) {
  for (const Input& input : node.inputs) {
    const Node* from = plan.find(input.node);
    if (from == nullptr) {
      std::vector<std::string> readable;
      for (const Node& other : plan.nodes) {
        if (&other != &node && !outputs_of(other).empty()) readable.push_back(other.id);
      }
      const std::string near = suggestion(input.node, readable);
      return error_at(
          node, "there is no node " + quoted(input.node) +
                    (near.empty() && !readable.empty() ? " to read; there are " + listed(readable)
                                                       : " to read" + near));
    }
    DF_RETURN_IF_ERROR(check_output(node, *from, input.output));
  }
  const Arity arity = arity_of(node.spec);
  if (node.inputs.size() >= arity.least && node.inputs.size() <= arity.most) return {};
  return error_at(node, "takes " + std::string(arity.words) + ", but has " +
                            std::to_string(node.inputs.size()));
}

Status check_read(const Plan& plan, const Node& node) {
  if (std::holds_alternative<SinkSpec>(node.spec)) return {};
  bool any = false;
  bool late = false;
  for (const Node& other : plan.nodes) {
    for (const Input& input : other.inputs) {
      if (input.node != node.id) continue;
      any = true;
      late |= input.output == "late";
    }
  }
  if (!any) return error_at(node, "nothing reads it; connect it to a sink, or take it out");
  const auto* window = std::get_if<WindowSpec>(&node.spec);
  if (window != nullptr && window->late_output && !late) {
    return error_at(node,
                    "nothing reads its output \"late\", so late rows would vanish; connect "
                    "it, or leave out late_output for the dead letters");
  }
  return {};
}

// Of nodes that all wait for another one of them: one way round.
Status cycle_error(const Plan& plan, const std::vector<bool>& placed) {
  const auto index_of = [&](const std::string& id) {
    return static_cast<size_t>(plan.find(id) - plan.nodes.data());
  };
  size_t at = static_cast<size_t>(std::ranges::find(placed, false) - placed.begin());
  std::vector<size_t> way;
  while (std::ranges::find(way, at) == way.end()) {
    way.push_back(at);
    for (const Input& input : plan.nodes[at].inputs) {
      if (placed[index_of(input.node)]) continue;
      at = index_of(input.node);
      break;
    }
  }
  // Upstream was walked; it reads better downstream, from the node that stands first.
  std::vector<size_t> cycle(std::ranges::find(way, at), way.end());
  std::ranges::reverse(cycle);
  std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
  std::string words;
  for (const size_t member : cycle) words += quoted(plan.nodes[member].id) + " -> ";
  const Node& first = plan.nodes[cycle.front()];
  return error_at(first, "is in a cycle: " + words + quoted(first.id) +
                             "; a node cannot read what comes of it");
}

}  // namespace

Status check_graph(const Plan& plan) {
  if (plan.nodes.empty()) return Status::invalid("the plan has no nodes");
  DF_RETURN_IF_ERROR(check_ids(plan));
  for (const Node& node : plan.nodes) DF_RETURN_IF_ERROR(check_inputs(plan, node));
  const bool has_sink = std::ranges::any_of(
      plan.nodes, [](const Node& node) { return std::holds_alternative<SinkSpec>(node.spec); });
  if (!has_sink) return Status::invalid("the plan has no sink; nothing of it would come out");
  for (const Node& node : plan.nodes) DF_RETURN_IF_ERROR(check_read(plan, node));
  return {};
}

Status sort_nodes(Plan& plan) {
  std::vector<bool> placed(plan.nodes.size(), false);
  std::set<std::string_view> ready;
  std::vector<size_t> order;
  for (bool moved = true; moved && order.size() < placed.size();) {
    moved = false;
    for (size_t i = 0; i < placed.size(); ++i) {
      const Node& node = plan.nodes[i];
      if (placed[i] || !std::ranges::all_of(node.inputs, [&](const Input& input) {
            return ready.contains(input.node);
          })) {
        continue;
      }
      placed[i] = true;
      moved = true;
      ready.insert(node.id);
      order.push_back(i);
    }
  }
  if (order.size() < placed.size()) return cycle_error(plan, placed);
  std::vector<Node> sorted;
  for (const size_t i : order) sorted.push_back(std::move(plan.nodes[i]));
  plan.nodes = std::move(sorted);
  return {};
}

}  // namespace dataflow::plan
