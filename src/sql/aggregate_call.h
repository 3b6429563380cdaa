// A call of an aggregate as the plan has it.
#pragma once

#include "names.h"
#include "plan/aggregate.h"
#include "plan/spec.h"
#include "sql/query.h"

namespace dataflow::sql {

// The call's function, argument, parameters, order and DISTINCT; its filter and the aggregate's
// name are left to the caller. Two arguments of one row are ROW(a, b).
Result<plan::Aggregate> aggregate_call(const expr::Expression& call,
                                       const plan::AggregateFunction& function);

}  // namespace dataflow::sql
