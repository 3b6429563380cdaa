// Windows that gather over the same rows.
#pragma once

#include "plan/plan.h"

namespace dataflow::plan {

// Of a validated plan: shares some that are alike, if there are any. Then it must be validated
// again, and others may be alike now.
bool share_windows(Plan& plan);

}  // namespace dataflow::plan
