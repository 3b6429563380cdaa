// Rows whose expressions failed, and those that are left.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "engine/operator.h"
#include "expr/bound.h"
#include "types/batch.h"

namespace dataflow::engine {

// Each becomes a dead letter.
Status send_faults(OperatorContext& context, const Batch& batch,
                   const std::vector<RowFault>& faults);

std::vector<int32_t> without_faults(const expr::Selection& selection,
                                    const std::vector<RowFault>& faults, int64_t rows);

}  // namespace dataflow::engine
