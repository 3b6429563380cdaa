// What functions of times share.
#pragma once

#include "registry.h"
#include "time_units.h"

namespace dataflow::expr {

// A part of a date, time or timestamp, as BIGINT.
Result<NodePtr> extract(TimeUnit unit, NodePtr from, const CallSite& site);
// The batch's clock: milliseconds of a timestamp, seconds as BIGINT.
NodePtr make_now(Type type);

// The family's part between times and texts (time_text.cc).
void add_time_texts(FunctionList& list);

}  // namespace dataflow::expr
