// INTERVAL '1 day 02:30:00': the units stand within the quotes, as PostgreSQL writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dataflow::expr {

// An interval is of months or of milliseconds; one of these is 0.
struct IntervalParts {
  int64_t months = 0;
  int64_t millis = 0;
  // Units of months stood there, and units of milliseconds.
  bool has_months = false;
  bool has_millis = false;
};

// Numbers with units ('1 year 2 months', '-1.5 hours', '2 days ago'), and a time of day
// ('3 days 04:05:06.7'). Nothing: it is none of that, or too long.
std::optional<IntervalParts> parse_interval_text(std::string_view text);

}  // namespace dataflow::expr
