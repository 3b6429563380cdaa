#include "scope.h"

namespace dataflow::plan {
namespace {

// Whether late rows change what has left the node; no value: that is up to its inputs.
std::optional<bool> changes(const Node& node) {
  if (const auto* window = std::get_if<WindowSpec>(&node.spec)) {
    return window->allowed_lateness_ms > 0;
  }
  if (const auto* join = std::get_if<WindowJoinSpec>(&node.spec)) {
    // A late partner takes back a row that left alone.
    const bool only_adds = join->kind == JoinKind::kInner || join->kind == JoinKind::kSemi;
    return join->allowed_lateness_ms > 0 && !only_adds;
  }
  if (std::holds_alternative<IntervalJoinSpec>(node.spec)) return false;
  return std::nullopt;
}

// A node on the way to this one whose rows change after they left; null if there is none.
const Node* changing_input(const Plan& plan, const Node& node) {
  for (const Input& input : node.inputs) {
    const Node& from = *plan.find(input.node);
    const bool late = input.output == "late" && std::holds_alternative<WindowSpec>(from.spec);
    // What decides by itself takes nothing that changes, or would have been refused.
    const std::optional<bool> decided = late ? std::nullopt : changes(from);
    if (decided == true) return &from;
    if (decided) continue;
    if (const Node* found = changing_input(plan, from)) return found;
  }
  return nullptr;
}

}  // namespace

Status check_input_stays(const Scope& scope, std::string_view what_else) {
  if (scope.plan().job.bounded) return {};
  const Node* changing = changing_input(scope.plan(), scope.node());
  if (changing == nullptr) return {};
  return scope.error("reads results of " + std::string(kind_name(changing->spec)) + " " +
                     quoted(changing->id) + " that late rows change after they left, and " +
                     std::string(what_else) + "; leave out allowed_lateness_ms there");
}

}  // namespace dataflow::plan
