#include "page_parts.h"

#include <algorithm>
#include <set>

namespace dataflow::http {
namespace {

// The sources that a node's rows come from.
void add_sources(const plan::Plan& plan, const plan::Node& node, std::set<std::string>& sources) {
  if (std::holds_alternative<plan::SourceSpec>(node.spec)) sources.insert(node.id);
  for (const plan::Input& input : node.inputs) {
    if (const plan::Node* from = plan.find(input.node)) add_sources(plan, *from, sources);
  }
}

}  // namespace

nlohmann::json time_or_null(int64_t ms) {
  return ms == INT64_MIN || ms == INT64_MAX ? nlohmann::json(nullptr) : nlohmann::json(ms);
}

Holding holding_back(const jobs::PipelineView& view, const std::string& id) {
  std::set<std::string> sources;
  const plan::Node* node = view.plan ? view.plan->find(id) : nullptr;
  if (node != nullptr) add_sources(*view.plan, *node, sources);
  Holding holding;
  for (const engine::SplitStats& split : view.job->splits) {
    if (!sources.contains(split.source)) continue;
    holding.newest_ms = std::max(holding.newest_ms, split.watermark_ms);
    if (split.idle || split.ended) continue;
    if (holding.split == nullptr || split.watermark_ms < holding.split->watermark_ms) {
      holding.split = &split;
    }
  }
  return holding;
}

}  // namespace dataflow::http
