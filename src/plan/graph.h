// The shape of a plan: who reads what, and in which order nodes stand.
#pragma once

#include "plan/plan.h"

namespace dataflow::plan {

// Ids are unique and there; inputs name nodes and outputs that exist; each kind has as many inputs
// as it takes; what is computed is read by someone; there is a sink.
Status check_graph(const Plan& plan);

// Puts each node behind its inputs and leaves the order as it was otherwise. kInvalid names the
// members of a cycle.
Status sort_nodes(Plan& plan);

}  // namespace dataflow::plan
