// Plans that are one line.
#pragma once

#include "plan/plan.h"

namespace dataflow::jobs {

// Each node reads the one in front of it, and nothing else.
inline bool is_chain(const plan::Plan& plan) {
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    const std::vector<plan::Input>& inputs = plan.nodes[i].inputs;
    if (i == 0 ? !inputs.empty() : inputs.size() != 1) return false;
    if (i > 0 && (inputs[0].node != plan.nodes[i - 1].id || !inputs[0].output.empty())) {
      return false;
    }
  }
  return true;
}

}  // namespace dataflow::jobs
