// Times as SQL's expressions reckon with them and write them, over the calendar of
// types/temporal.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/floor_div.h"
#include "types/temporal.h"
#include "types/type.h"

namespace dataflow::expr {

inline constexpr int64_t kMillisPerSecond = 1000;
inline constexpr int64_t kMillisPerMinute = 60 * kMillisPerSecond;
inline constexpr int64_t kMillisPerHour = 60 * kMillisPerMinute;

// The same day of a month `months` later, or that month's last day.
int64_t add_months(int64_t days, int64_t months);

// "2026-01-31"; nothing for a day that does not exist. Years have up to four digits.
std::optional<int64_t> parse_date(std::string_view text);

// Also of a text with a time behind it, and of "2026-05" and "2026" alone, whose first day is
// meant.
std::optional<int64_t> parse_day(std::string_view text);

// A moment of a day or of all time in microseconds, and how many digits of the second's fraction
// were written (beyond six they are cut off).
struct ParsedTime {
  int64_t micros = 0;
  int fraction_digits = 0;
};
std::optional<ParsedTime> parse_time(std::string_view text);       // "12:30[:15[.123456]]"
std::optional<ParsedTime> parse_timestamp(std::string_view text);  // "2026-01-31[( |T)time][Z]"

// As SQL casts them to strings, with `precision` digits of the fraction.
std::string date_text(int64_t days);
std::string time_text(int64_t micros, int precision);
std::string timestamp_text(int64_t micros, int precision);

// The furthest from 1970, 285 thousand years: zones and units can be added without a care.
inline constexpr int64_t kMostMicros = 9'000'000'000'000'000'000;

// A column's number (days, ms or µs, by the type) to microseconds; nothing where it is too far.
inline std::optional<int64_t> to_micros(const Type& type, int64_t value) {
  const int64_t unit = type.id() == TypeId::kDate       ? kMillisPerDay * 1000
                       : type.units_per_milli() == 1000 ? 1
                                                        : 1000;
  const int64_t most = kMostMicros / unit;
  if (value > most || value < -most) return std::nullopt;
  return value * unit;
}
// Microseconds to a column's number.
inline int64_t from_micros(const Type& type, int64_t micros) {
  return type.units_per_milli() == 1000 ? micros : floor_div(micros, 1000);
}
// Without the digits that the precision does not keep.
int64_t cut_to_precision(int64_t micros, int precision);

}  // namespace dataflow::expr
