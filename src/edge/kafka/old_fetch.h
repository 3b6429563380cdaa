// Fetch requests from before zstd existed.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "log/partition.h"

namespace dataflow::kafka {

inline constexpr int16_t kFirstFetchWithZstd = 10;

// Shortens the slice so that it ends before its first zstd batch; kUnsupported if that is its first
// one.
Status cut_before_zstd(log::LogSlice& slice);

}  // namespace dataflow::kafka
