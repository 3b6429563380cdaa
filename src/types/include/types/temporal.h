// Dates, times of day and timestamps: between the integers of columns and their text. The calendar
// is the Gregorian one in both directions without end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "types/type.h"

namespace dataflow {

struct CivilDate {
  int64_t year;
  int month;  // 1..12
  int day;    // 1..31
};
int64_t days_from_civil(int64_t year, int month, int day);  // since 1970-01-01
CivilDate civil_from_days(int64_t days);
int days_in_month(int64_t year, int month);

inline constexpr int64_t kMillisPerDay = 86'400'000;

// How a timestamp is written: "2026-01-31 12:00:00" or "2026-01-31T12:00:00".
enum class TimestampStyle : uint8_t { kSql, kIso };
// Digits of seconds behind the point: as many as the type has, or without the zeros at the end.
enum class FractionStyle : uint8_t { kFixed, kTrimmed };

// Room for any date, time or timestamp of 64 bits.
inline constexpr size_t kMaxTemporalChars = 48;
// Writes at `out` (room for kMaxTemporalChars) and returns the position behind it. A TIMESTAMP_LTZ
// ends in "Z".
char* write_date(char* out, int64_t days);
char* write_time(char* out, const Type& type, int64_t value, FractionStyle fraction);
char* write_timestamp(char* out, const Type& type, int64_t value, TimestampStyle style,
                      FractionStyle fraction);

// The whole text is one date, "2026-01-31", of a year of four digits or of more behind a sign.
bool parse_date(std::string_view text, int64_t& days);
// "12:30", "12:30:15", "12:30:15.123456789", in units of the type; digits over its precision are
// cut off.
bool parse_time(std::string_view text, const Type& type, int64_t& value);
// A date, alone or with ' ' or 'T' and a time behind it, and perhaps a zone ("Z", "+02:00",
// "+0200",
// "+02"). With a zone the value is what clocks in UTC show, without one it is the reading as it
// stands. `styles`: which separators are taken, 1 << TimestampStyle.
bool parse_timestamp(std::string_view text, const Type& type, int64_t& value, unsigned styles = 3);

}  // namespace dataflow
