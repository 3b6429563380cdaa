#include "stages.h"

#include <algorithm>
#include <map>

#include "plan/analyze.h"
#include "state/ids.h"

namespace dataflow::engine {
namespace {

class Cutter {
 public:
  Cutter(const plan::Plan& plan, int parallelism, const std::map<std::string, size_t>& splits)
      : plan_(plan), parallelism_(parallelism), splits_(splits) {}

  Status add(const plan::Node& node) {
    if (std::holds_alternative<plan::SourceSpec>(node.spec)) {
      const auto it = splits_.find(node.id);
      const int splits = it == splits_.end() ? 1 : static_cast<int>(it->second);
      begin(node, std::clamp(splits, 1, parallelism_));
      return {};
    }
    const auto exchange = plan::exchange_of(plan_, node, 0);
    int wanted = parallelism_;
    if (exchange && exchange->keys.empty()) wanted = 1;
    if (node.inputs.size() == 1) {
      const size_t from = stage_of_.at(node.inputs[0].node);
      const int have = made_.stages[from].parallelism;
      // Without a demand on where rows are they stay where they are.
      if (!exchange || (have == 1 && wanted == 1)) {
        made_.stages[from].nodes.push_back(&node);
        stage_of_[node.id] = from;
        return {};
      }
    }
    begin(node, wanted);
    for (size_t i = 0; i < node.inputs.size(); ++i) DF_RETURN_IF_ERROR(connect(node, i));
    return {};
  }

  Stages take() { return std::move(made_); }

 private:
  void begin(const plan::Node& node, int parallelism) {
    stage_of_[node.id] = made_.stages.size();
    made_.stages.push_back({{&node}, parallelism});
  }

  Status connect(const plan::Node& node, size_t input) {
    const plan::Node& from = *plan_.find(node.inputs[input].node);
    StageEdge edge;
    edge.from_stage = stage_of_.at(from.id);
    edge.from_node = from.id;
    edge.from_output = output_index(from, node.inputs[input].output);
    edge.to_stage = stage_of_.at(node.id);
    edge.to_input = input;
    const int producers = made_.stages[edge.from_stage].parallelism;
    const int consumers = made_.stages[edge.to_stage].parallelism;
    if (const auto exchange = plan::exchange_of(plan_, node, input)) {
      edge.routing = Routing::kKeyed;
      const SchemaPtr schema = schema_of(plan_, node.inputs[input]);
      for (const std::string& key : exchange->keys) {
        DF_ASSIGN_OR_RETURN(const size_t column, schema->require(key));
        edge.keys.push_back(column);
      }
    } else if (producers == consumers) {
      edge.routing = Routing::kForward;
    } else {
      const bool updates = plan::origin_of_updates(plan_, node.inputs[input]) != nullptr;
      edge.routing = updates ? Routing::kToOne : Routing::kInTurn;
    }
    made_.edges.push_back(std::move(edge));
    return {};
  }

  const plan::Plan& plan_;
  const int parallelism_;
  const std::map<std::string, size_t>& splits_;
  std::map<std::string, size_t> stage_of_;
  Stages made_;
};

}  // namespace

size_t output_index(const plan::Node& node, const std::string& output) {
  const auto* split = std::get_if<plan::SplitSpec>(&node.spec);
  if (split == nullptr) return output.empty() ? 0 : 1;
  for (size_t i = 0; i < split->branches.size(); ++i) {
    if (split->branches[i].name == output) return i;
  }
  return split->branches.size();
}

size_t output_count(const plan::Node& node) {
  if (const auto* split = std::get_if<plan::SplitSpec>(&node.spec)) {
    return split->branches.size() + 1;
  }
  return std::holds_alternative<plan::WindowSpec>(node.spec) ? 2 : 1;
}

Result<Stages> cut_into_stages(const plan::Plan& plan, int parallelism,
                               const std::map<std::string, size_t>& splits) {
  Cutter cutter(plan, std::clamp(parallelism, 1, state::kKeyGroups), splits);
  for (const plan::Node& node : plan.nodes) DF_RETURN_IF_ERROR(cutter.add(node));
  return cutter.take();
}

}  // namespace dataflow::engine
