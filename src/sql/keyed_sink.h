// What stands in front of a sink by key whose rows change.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace dataflow::sql {

// Whether all changes of the rows with one value of `keys` leave the node from one task, in the
// order in which they befell. Where they do not, an old row's end may come behind the row that
// replaces it.
bool travels_by(const plan::Plan& plan, const std::string& node,
                const std::vector<std::string>& keys);

}  // namespace dataflow::sql
