// Places in a stream as people name them: an offset, or a moment in time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace dataflow::cli {

// "2026-11-21T06:40:00.123Z"
std::string format_moment(int64_t ms_since_1970);
// "2026-11-21", "2026-11-21T06:40", "…:00", "….123", with "Z" or "+02:00" behind (UTC without), "@"
// and milliseconds since 1970, or how long ago: "10m", "10m ago", "-10m". Milliseconds since 1970.
Result<int64_t> parse_moment(std::string_view text, int64_t now_ms);

struct StartPoint {
  enum class Kind { kEarliest, kLatest, kOffset, kBeforeEnd, kMoment };
  Kind kind = Kind::kEarliest;
  int64_t value = 0;  // the offset, how many before the end, or the moment in ms

  bool operator==(const StartPoint&) const = default;
};

// "beginning" or "earliest", "end" or "latest", an offset, "-5" (the last five), or a moment.
Result<StartPoint> parse_start_point(std::string_view text, int64_t now_ms);

}  // namespace dataflow::cli
