// Stages: the plan's nodes cut into chains, and what goes between them. A stage runs as one or more
// tasks, each with all of its nodes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "output.h"
#include "plan/plan.h"

namespace dataflow::engine {

struct StageEdge {
  size_t from_stage = 0;
  std::string from_node;
  size_t from_output = 0;  // of the node
  size_t to_stage = 0;
  size_t to_input = 0;  // of the stage's first node
  Routing routing = Routing::kForward;
  std::vector<size_t> keys;  // columns, for kKeyed
};

struct Stage {
  std::vector<const plan::Node*> nodes;  // each behind those that feed it
  int parallelism = 1;
  bool is_source() const { return std::holds_alternative<plan::SourceSpec>(nodes.front()->spec); }
};

struct Stages {
  std::vector<Stage> stages;
  std::vector<StageEdge> edges;
};

// The index of a node's output by the name that an Input gives it.
size_t output_index(const plan::Node& node, const std::string& output);
size_t output_count(const plan::Node& node);

// `parallelism` is the job's; `splits` the number of splits of each source, by node.
Result<Stages> cut_into_stages(const plan::Plan& plan, int parallelism,
                               const std::map<std::string, size_t>& splits);

}  // namespace dataflow::engine
