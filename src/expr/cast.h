// The families of casts; each gives null for a pair of types that is not its own.
#pragma once

#include "registry.h"
#include "row_function.h"

namespace dataflow::expr {

NodePtr cast_from_text(const NodePtr& argument, const Type& to, RowFunctionTraits traits);
NodePtr cast_to_text(const NodePtr& argument, const Type& to);
// Also fails where the values inside cannot be cast.
Result<NodePtr> cast_nested(const NodePtr& argument, const Type& to, const CallSite& site,
                            RowFunctionTraits traits);
NodePtr cast_time(const NodePtr& argument, const Type& to, RowFunctionTraits traits);

}  // namespace dataflow::expr
