// The session's zone in a plan: what is computed of times goes by it.
#pragma once

#include <string>

#include "plan/plan.h"

namespace dataflow::sql {

bool is_utc(const std::string& zone);

// Marks the expressions that may hang on the zone. The plan is valid before and afterwards.
Status put_in_zone(plan::Plan& plan, const std::string& zone);

}  // namespace dataflow::sql
