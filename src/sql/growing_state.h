// What is said of state that can only grow.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace dataflow::sql {

// A line for each node of a stream that keeps something for ever: why, and how to bound it.
std::vector<std::string> growing_state(const plan::Plan& plan);

}  // namespace dataflow::sql
