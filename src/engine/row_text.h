// A row in words, for dead letters and messages.
#pragma once

#include <string>

#include "dead_letters.h"
#include "types/batch.h"

namespace dataflow::engine {

std::string row_text(const Batch& batch, int64_t row);
// Fills in source, split and offset.
void name_origin(const RowOrigins& origins, int64_t row, DeadRow& dead);

}  // namespace dataflow::engine
