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

// A column's number (ms or µs, by the type's precision) to microseconds and back.
inline int64_t to_micros(const Type& type, int64_t value) {
  return type.units_per_milli() == 1000
             ? value
             : static_cast<int64_t>(static_cast<uint64_t>(value) * 1000u);
}
inline int64_t from_micros(const Type& type, int64_t micros) {
  return type.units_per_milli() == 1000 ? micros : floor_div(micros, 1000);
}
// Without the digits that the precision does not keep.
int64_t cut_to_precision(int64_t micros, int precision);

}  // namespace dataflow::expr
