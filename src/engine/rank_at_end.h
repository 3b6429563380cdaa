// The rank whose rows leave once: when their window is over, or all input.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/status.h"
#include "engine/operator.h"
#include "order_key.h"
#include "rank_changes.h"
#include "rank_rows.h"
#include "window_time.h"

namespace dataflow::engine {

// `time`: of the rows' windows; none: they leave at the end of all input.
Result<std::unique_ptr<Operator>> make_rank_at_end(RankRows::Keeping keeping, RankPlaces places,
                                                   std::optional<WindowTime> time,
                                                   std::vector<size_t> keys,
                                                   std::vector<OrderKeyColumn> order,
                                                   SchemaPtr input, SchemaPtr output);

}  // namespace dataflow::engine
