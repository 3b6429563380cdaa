// Whether a job's state fits a changed plan. Asked before anything is stopped, so that a plan that
// cannot go on from the state is refused while the old one runs.
#pragma once

#include "base/status.h"
#include "plan/plan.h"

namespace dataflow::engine {

// Both plans are validated. State belongs to a node by its id. kConflict names each node whose
// state the new plan could not take up, and what to do: an operator with state that is gone, is of
// another kind, or whose windows, keys or aggregates keep something else; a source that reads
// something else. Anything else may change: stateless steps, sinks, names, filters, lateness,
// parallelism.
Status check_plan_change(const plan::Plan& running, const plan::Plan& next);

}  // namespace dataflow::engine
