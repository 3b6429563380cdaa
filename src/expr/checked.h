// What stands where rows go into tables that a server keeps; nobody writes it.
#pragma once

#include "registry.h"

namespace dataflow::expr {

// $CHECKED(value, condition, words): the value; a row at which the condition is FALSE fails with
// these words. $REQUIRED is the same, but the whole job fails.
void add_checked(FunctionList& list);

}  // namespace dataflow::expr
