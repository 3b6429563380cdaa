#include "plan/analyze.h"

namespace dataflow::plan {
namespace {

// Finds the node whose rows change after they left, from a node backwards.
struct FindOrigin {
  const Plan& plan;
  const Node& node;

  const Node* operator()(const GroupSpec& spec) const {
    if (plan.job.bounded) return nullptr;
    // A key that is there once stays.
    return spec.aggregates.empty() ? from_inputs() : &node;
  }
  // A partner takes back that there was none; of two sides that only add an inner join only adds.
  // In a bounded job rows without a partner leave at its end.
  const Node* operator()(const JoinSpec& spec) const {
    const bool only_adds =
        spec.kind == JoinKind::kInner || spec.kind == JoinKind::kSemi || plan.job.bounded;
    return only_adds ? from_inputs() : &node;
  }
  const Node* operator()(const RankSpec& spec) const {
    return this_if(!spec.by_window && !plan.job.bounded);
  }
  // Keeping the first row to arrive never takes a row back.
  const Node* operator()(const DeduplicateSpec& spec) const {
    const bool may_replace = spec.keep_last || !spec.time_column.empty();
    return this_if(may_replace && !plan.job.bounded);
  }
  const Node* operator()(const UpsertSpec& spec) const {
    return this_if(spec.versions || !plan.job.bounded);
  }
  // By late rows, or by all. In batch mode no row is late.
  const Node* operator()(const WindowSpec& spec) const {
    const bool changes = spec.allowed_lateness_ms > 0 || spec.emit_changes;
    return this_if(changes && !plan.job.bounded);
  }
  // A late row takes back what has left alone.
  const Node* operator()(const WindowJoinSpec& spec) const {
    const bool only_adds = spec.kind == JoinKind::kInner || spec.kind == JoinKind::kSemi;
    return this_if(spec.allowed_lateness_ms > 0 && !only_adds && !plan.job.bounded);
  }
  const Node* operator()(const CustomSpec& spec) const { return this_if(spec.makes_updates); }
  const Node* operator()(const FilterSpec&) const { return from_inputs(); }
  const Node* operator()(const ProjectSpec&) const { return from_inputs(); }
  const Node* operator()(const UnionSpec&) const { return from_inputs(); }
  const Node* operator()(const SplitSpec&) const { return from_inputs(); }
  const Node* operator()(const WindowTableSpec&) const { return from_inputs(); }
  const Node* operator()(const UnnestSpec&) const { return from_inputs(); }
  const Node* operator()(const SinkSpec&) const { return from_inputs(); }
  template <class Spec>
  const Node* operator()(const Spec&) const {
    return nullptr;
  }

  const Node* this_if(bool makes_updates) const { return makes_updates ? &node : nullptr; }
  const Node* from_inputs() const {
    for (const Input& input : node.inputs) {
      if (const Node* found = origin_of_updates(plan, input)) return found;
    }
    return nullptr;
  }
};

}  // namespace

const Node* origin_of_updates(const Plan& plan, const Input& input) {
  const Node& from = *plan.find(input.node);
  // What comes too late for a window goes on as it came, and only new rows come to windows.
  if (input.output == "late" && std::holds_alternative<WindowSpec>(from.spec)) return nullptr;
  return origin_of_updates(plan, from);
}

const Node* origin_of_updates(const Plan& plan, const Node& node) {
  return std::visit(FindOrigin{plan, node}, node.spec);
}

bool makes_updates(const Plan& plan, const Node& node) {
  return origin_of_updates(plan, node) != nullptr;
}

bool is_changed_by_late_rows(const Node& node) {
  const auto* const window = std::get_if<WindowSpec>(&node.spec);
  if (window != nullptr) return !window->emit_changes;
  return std::holds_alternative<WindowJoinSpec>(node.spec);
}

}  // namespace dataflow::plan
