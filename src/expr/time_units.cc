#include "time_units.h"

#include "civil_time.h"
#include "expr/lexer.h"

namespace dataflow::expr {

const std::vector<std::string>& time_unit_names() {
  // In the order of TimeUnit.
  static const std::vector<std::string> kNames = {
      "MICROSECOND", "MILLISECOND", "SECOND",  "MINUTE", "HOUR",    "DAY",
      "WEEK",        "MONTH",       "QUARTER", "YEAR",   "DECADE",  "CENTURY",
      "MILLENNIUM",  "DOW",         "ISODOW",  "DOY",    "ISOYEAR", "EPOCH"};
  return kNames;
}

std::optional<TimeUnit> parse_time_unit(std::string_view text) {
  std::string name = in_capitals(text);
  const std::vector<std::string>& names = time_unit_names();
  for (int attempt = 0; attempt < 2; ++attempt) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) return static_cast<TimeUnit>(i);
    }
    if (name.size() < 2 || name.back() != 'S') break;
    name.pop_back();
  }
  return std::nullopt;
}

std::string_view time_unit_name(TimeUnit unit) {
  return time_unit_names()[static_cast<size_t>(unit)];
}

bool is_difference_unit(std::string_view text) {
  const std::optional<TimeUnit> unit = parse_time_unit(text);
  return unit && *unit >= TimeUnit::kSecond && *unit <= TimeUnit::kYear &&
         text == time_unit_name(*unit);
}

int64_t millis_of(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMillisecond: return 1;
    case TimeUnit::kSecond: return kMillisPerSecond;
    case TimeUnit::kMinute: return kMillisPerMinute;
    case TimeUnit::kHour: return kMillisPerHour;
    case TimeUnit::kDay: return kMillisPerDay;
    case TimeUnit::kWeek: return 7 * kMillisPerDay;
    default: return 0;
  }
}

int64_t months_of(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMonth: return 1;
    case TimeUnit::kQuarter: return 3;
    case TimeUnit::kYear: return 12;
    case TimeUnit::kDecade: return 120;
    case TimeUnit::kCentury: return 1200;
    case TimeUnit::kMillennium: return 12000;
    default: return 0;
  }
}

}  // namespace dataflow::expr
