// What a batch's own rows take.
#pragma once

#include "types/batch.h"

namespace dataflow {

// Of columns that are parts of larger ones those parts. Slower than Batch::memory_bytes(), which
// counts all that is held.
int64_t own_bytes(const Batch& batch);

}  // namespace dataflow
