// What stands around the expressions of a session whose zone is not UTC; nobody writes it.
#pragma once

#include "registry.h"

namespace dataflow::expr {

// $IN_ZONE(zone, value): the value, as clocks of that zone show times. The zone is a literal.
void add_in_zone(FunctionList& list);

}  // namespace dataflow::expr
