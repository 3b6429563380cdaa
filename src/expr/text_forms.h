// Families of functions that make texts of other things.
#pragma once

#include "registry.h"

namespace dataflow::expr {

void add_charsets(FunctionList& list);  // charset.cc: ENCODE and DECODE
void add_printf(FunctionList& list);    // printf.cc: PRINTF and ELT
void add_types(FunctionList& list);     // type_function.cc: TYPEOF and casts to lengths

}  // namespace dataflow::expr
