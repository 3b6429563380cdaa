// Specs as texts: two that are equal do the same.
#pragma once

#include <string>

#include "plan/plan.h"

namespace dataflow::plan {

std::string spec_text(const Spec& spec);
// Whether an expression of it draws random numbers: of two equal ones each draws its own.
bool draws_at_random(const Spec& spec);

}  // namespace dataflow::plan
