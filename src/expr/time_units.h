// The units that EXTRACT, FLOOR … TO, TIMESTAMPADD and intervals name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dataflow::expr {

enum class TimeUnit {
  kMicrosecond,
  kMillisecond,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kQuarter,
  kYear,
  kDecade,
  kCentury,
  kMillennium,
  kDayOfWeek,     // DOW: Sunday is 1
  kIsoDayOfWeek,  // ISODOW: Monday is 1
  kDayOfYear,     // DOY
  kIsoYear,       // ISOYEAR
  kEpoch,
};

// In capitals or not, singular or plural.
std::optional<TimeUnit> parse_time_unit(std::string_view text);
std::string_view time_unit_name(TimeUnit unit);
// Whether it is a unit's name as it stands behind the difference of two times: in capitals,
// singular.
bool is_difference_unit(std::string_view text);
// All names, for "did you mean".
const std::vector<std::string>& time_unit_names();

// Milliseconds of the units from millisecond to week; 0 of the others.
int64_t millis_of(TimeUnit unit);
// Months of month, quarter and year and above; 0 of the others.
int64_t months_of(TimeUnit unit);

}  // namespace dataflow::expr
