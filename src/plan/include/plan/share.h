// What several nodes of a plan do alike is done once. For plans that are new: state belongs to the
// ids of nodes, and of those that do the same one stays.
#pragma once

#include "plan/plan.h"

namespace dataflow::plan {

// Takes a validated plan and gives one: the same rows reach every sink, and the same rows become
// dead letters, each once.
//
// Nodes that do the same with the same inputs become one. So do windows of one kind over the same
// rows, keys and time, whatever they aggregate: one gathers it all, and who reads it chooses. (Not
// those that tell each change: a reader would be told of what it does not ask for.)
Result<Plan> with_shared_nodes(const Plan& plan);

}  // namespace dataflow::plan
