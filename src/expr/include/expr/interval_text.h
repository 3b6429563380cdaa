// Intervals whose units stand within the text, as PostgreSQL and its clients write them: INTERVAL
// '1 day 02:30:00', '1 year 2 mons'::interval, parameters.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dataflow::expr {

struct IntervalParts {
  int64_t months = 0;
  int64_t millis = 0;
  // Units of months stood there, and units of milliseconds.
  bool has_months = false;
  bool has_millis = false;
};

// Numbers with units ('1 year 2 months', '-1.5 hours', '2 days ago'), and a time of day
// ('3 days 04:05:06.7', of any number of hours). Nothing: it is none of that, or more than can be
// counted.
std::optional<IntervalParts> parse_interval_text(std::string_view text);

}  // namespace dataflow::expr
