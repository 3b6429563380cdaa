#include <algorithm>

#include "plan/analyze.h"

namespace dataflow::plan {
namespace {

struct MakesUpdates {
  const Plan& plan;
  const Node& node;

  // Keeping the first row to arrive never takes a row back.
  bool operator()(const DeduplicateSpec& spec) const {
    return spec.keep_last || !spec.time_column.empty();
  }
  // A late row takes back what has left alone.
  bool operator()(const WindowJoinSpec& spec) const {
    const bool only_adds = spec.kind == JoinKind::kInner || spec.kind == JoinKind::kSemi;
    return spec.allowed_lateness_ms > 0 && !only_adds;
  }
  bool operator()(const CustomSpec& spec) const { return spec.makes_updates; }
  bool operator()(const FilterSpec&) const { return passes_on(); }
  bool operator()(const ProjectSpec&) const { return passes_on(); }
  bool operator()(const UnionSpec&) const { return passes_on(); }
  bool operator()(const SplitSpec&) const { return passes_on(); }
  bool operator()(const SinkSpec&) const { return passes_on(); }
  template <class Spec>
  bool operator()(const Spec&) const {
    return false;
  }

  bool passes_on() const {
    return std::ranges::any_of(node.inputs, [&](const Input& input) {
      return makes_updates(plan, *plan.find(input.node));
    });
  }
};

}  // namespace

bool makes_updates(const Plan& plan, const Node& node) {
  return std::visit(MakesUpdates{plan, node}, node.spec);
}

}  // namespace dataflow::plan
