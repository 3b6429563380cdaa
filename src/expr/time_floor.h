// Times rounded to units and to spans, as FLOOR, CEIL, DATE_TRUNC and DATE_BIN ask for.
#pragma once

#include "registry.h"

namespace dataflow::expr {

// FLOOR(time TO unit), and CEIL where it goes `up`.
Result<NodePtr> bind_time_rounding(Nodes arguments, bool up, const CallSite& site);
// DATE_TRUNC('unit', time) is FLOOR(time TO unit), but for weeks, which begin on Monday here, and
// for days, which are their midnight.
Result<NodePtr> bind_date_trunc(Nodes arguments, const CallSite& site);
// DATE_BIN(width, time [, origin]): where the span of that width begins that the time is in.
Result<NodePtr> bind_date_bin(Nodes arguments, const CallSite& site);

}  // namespace dataflow::expr
