// Which types meet: implicit casts, common types, the types of decimal results. As Flink has them.
#pragma once

#include <optional>

#include "registry.h"

namespace dataflow::expr {

// The type that values of both are brought to: CASE, COALESCE, GREATEST, arithmetic; none if there
// is none. NULL fits everything.
std::optional<Type> common_type(const Type& a, const Type& b);
// The same for a comparison, where a text becomes what it is compared with.
std::optional<Type> comparison_type(const Type& a, const Type& b);

// An integer type as a decimal without fraction; a decimal as it is.
Type as_decimal(const Type& type);

Type decimal_sum(const Type& a, const Type& b);
Type decimal_product(const Type& a, const Type& b);
Type decimal_quotient(const Type& a, const Type& b);
Type decimal_remainder(const Type& a, const Type& b);
Type decimal_rounded(const Type& type, int digits);

// A cast that nobody wrote; the node itself if it has the type.
Result<NodePtr> coerced(NodePtr node, const Type& to, const CallSite& site);
Result<Nodes> all_coerced(Nodes nodes, const Type& to, const CallSite& site);

}  // namespace dataflow::expr
