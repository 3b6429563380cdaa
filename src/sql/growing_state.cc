#include "growing_state.h"

namespace dataflow::sql {
namespace {

// What is kept for ever; empty: nothing is.
struct KeptForEver {
  std::string operator()(const plan::GroupSpec& spec) const {
    return spec.ttl_ms == 0 && !spec.keys.empty() ? "every group" : "";
  }
  std::string operator()(const plan::JoinSpec& spec) const {
    return spec.left_ttl_ms == 0 || spec.right_ttl_ms == 0 ? "every row of both sides of the join"
                                                           : "";
  }
  std::string operator()(const plan::RankSpec& spec) const {
    if (spec.ttl_ms > 0 || spec.by_window) return "";
    if (spec.last == 0) return "every row";
    return spec.keys.empty() ? "" : "the first rows of every partition";
  }
  std::string operator()(const plan::DeduplicateSpec& spec) const {
    return spec.ttl_ms == 0 ? "every key" : "";
  }
  // Frames of time forget by themselves, and without keys there is one partition.
  std::string operator()(const plan::OverSpec& spec) const {
    if (spec.keys.empty()) return "";
    if (spec.preceding == plan::kWithoutBound) return "what OVER has added up of every partition";
    return spec.unit == plan::FrameUnit::kRows ? "the last rows of every partition of OVER" : "";
  }
  template <class Spec>
  std::string operator()(const Spec&) const {
    return "";
  }
};

std::string way_out(const plan::Spec& spec) {
  if (std::holds_alternative<plan::OverSpec>(spec)) {
    return "a frame of time such as RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND CURRENT ROW "
           "forgets the rows before it, and partitions to which none came since";
  }
  return "with SET 'table.exec.state.ttl' = '1 d' in front of the statement what nothing changed "
         "for a day is forgotten, and windows forget by themselves";
}

}  // namespace

std::vector<std::string> growing_state(const plan::Plan& plan) {
  std::vector<std::string> lines;
  if (plan.job.bounded) return lines;
  for (const plan::Node& node : plan.nodes) {
    const std::string kept = std::visit(KeptForEver(), node.spec);
    if (kept.empty()) continue;
    lines.push_back(kept + " is kept for ever, so that the state of " + node.id +
                    " can only grow; " + way_out(node.spec));
  }
  return lines;
}

}  // namespace dataflow::sql
