// Durations and sizes as Flink's options spell them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace dataflow::sql {

// "5 s", "1 min", "100ms", "2 days", "1 h"; a number alone is milliseconds. Parts of a millisecond
// ("500 us") are rounded down.
Result<int64_t> parse_flink_duration_ms(std::string_view text);

// "128MB", "64 kb", "1g", "100 bytes": a unit is 1024 times the one below it. A number alone is
// bytes.
Result<int64_t> parse_flink_bytes(std::string_view text);

}  // namespace dataflow::sql
