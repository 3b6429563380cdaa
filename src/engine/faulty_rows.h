// Rows that are left when those with a fault have gone.
#pragma once

#include <cstdint>
#include <vector>

#include "expr/bound.h"
#include "types/batch.h"

namespace dataflow::engine {

std::vector<int32_t> without_faults(const expr::Selection& selection,
                                    const std::vector<RowFault>& faults, int64_t rows);

}  // namespace dataflow::engine
