// explain() with what somebody knows of a plan's nodes beside what is planned of them.
#pragma once

#include <map>
#include <string>

#include "plan/plan.h"

namespace dataflow::plan {

// A line of its own below each node that there is a note of, by ids.
std::string explain(const Plan& plan, const std::map<std::string, std::string>& notes);

}  // namespace dataflow::plan
