#include "types/temporal.h"

#include <limits>

#include "base/floor_div.h"

namespace dataflow {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kPowersOfTen[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The days of 400 years repeat; a year of this calendar begins in March, so that a leap day ends
// it.
constexpr int64_t kDaysPerEra = 146'097;
constexpr int64_t kDaysToEpoch = 719'468;  // from 0000-03-01

int64_t units_per_second(const Type& type) { return type.units_per_milli() * 1000; }

char* write_padded(char* out, uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + digits;
}

int digits_of(uint64_t value) {
  int digits = 1;
  for (; value >= 10; value /= 10) ++digits;
  return digits;
}

// Two digits at `at`, or -1.
int two_digits(const char* at) {
  if (!is_digit(at[0]) || !is_digit(at[1])) return -1;
  return (at[0] - '0') * 10 + (at[1] - '0');
}

// Each reads at `at` and returns the position behind it; nullptr if it is not there.
const char* read_date(const char* at, const char* end, int64_t& days) {
  int64_t year = 0;
  bool negative = false;
  if (end - at >= 10 && is_digit(at[0])) {
    const int high = two_digits(at);
    const int low = two_digits(at + 2);
    if (high < 0 || low < 0) return nullptr;
    year = high * 100 + low;
    at += 4;
  } else {
    if (at == end || (*at != '+' && *at != '-')) return nullptr;
    negative = *at++ == '-';
    const char* const begin = at;
    for (; at < end && is_digit(*at) && at - begin < 9; ++at) year = year * 10 + (*at - '0');
    if (at - begin < 4) return nullptr;
  }
  if (end - at < 6 || at[0] != '-' || at[3] != '-') return nullptr;
  if (negative) year = -year;
  const int month = two_digits(at + 1);
  const int day = two_digits(at + 4);
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return nullptr;
  days = days_from_civil(year, month, day);
  return at + 6;
}

const char* read_time(const char* at, const char* end, int64_t per_second, int64_t& value) {
  if (end - at < 5 || at[2] != ':') return nullptr;
  const int hour = two_digits(at);
  const int minute = two_digits(at + 3);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return nullptr;
  at += 5;
  value = (hour * 60 + minute) * 60;
  if (end - at < 3 || *at != ':') {
    value *= per_second;
    return at;
  }
  const int second = two_digits(at + 1);
  if (second < 0 || second > 59) return nullptr;
  at += 3;
  value = (value + second) * per_second;
  if (at == end || *at != '.') return at;
  const char* const begin = ++at;
  for (int64_t unit = per_second / 10; at < end && is_digit(*at); ++at, unit /= 10) {
    value += (*at - '0') * unit;
  }
  return at == begin || at - begin > 9 ? nullptr : at;
}

const char* read_zone(const char* at, const char* end, int64_t& seconds) {
  if (*at == 'Z' || *at == 'z') {
    seconds = 0;
    return at + 1;
  }
  if ((*at != '+' && *at != '-') || end - at < 3) return nullptr;
  const bool negative = *at == '-';
  const int hours = two_digits(at + 1);
  int minutes = 0;
  at += 3;
  if (at < end) {
    if (*at == ':') ++at;
    if (end - at < 2) return nullptr;
    minutes = two_digits(at);
    at += 2;
  }
  if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return nullptr;
  seconds = (hours * 60 + minutes) * 60;
  if (negative) seconds = -seconds;
  return at;
}

}  // namespace

int64_t days_from_civil(int64_t year, int month, int day) {
  const int64_t y = year - (month <= 2 ? 1 : 0);
  const int64_t era = floor_div(y, 400);
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kDaysToEpoch;
}

CivilDate civil_from_days(int64_t days) {
  const int64_t z = days + kDaysToEpoch;
  const int64_t era = floor_div(z, kDaysPerEra);
  const int64_t day_of_era = z - era * kDaysPerEra;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t march_month = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * march_month + 2) / 5 + 1);
  const int month = static_cast<int>(march_month < 10 ? march_month + 3 : march_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

int days_in_month(int64_t year, int month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

char* write_date(char* out, int64_t days) {
  const CivilDate date = civil_from_days(days);
  if (date.year < 0 || date.year > 9999) *out++ = date.year < 0 ? '-' : '+';
  const auto year = static_cast<uint64_t>(date.year < 0 ? -date.year : date.year);
  out = write_padded(out, year, year > 9999 ? digits_of(year) : 4);
  *out++ = '-';
  out = write_padded(out, static_cast<uint64_t>(date.month), 2);
  *out++ = '-';
  return write_padded(out, static_cast<uint64_t>(date.day), 2);
}

char* write_time(char* out, const Type& type, int64_t value, FractionStyle fraction) {
  const int64_t per_second = units_per_second(type);
  const auto seconds = static_cast<uint64_t>(value / per_second);
  out = write_padded(out, seconds / 3600, 2);
  *out++ = ':';
  out = write_padded(out, seconds / 60 % 60, 2);
  *out++ = ':';
  out = write_padded(out, seconds % 60, 2);
  // What a column holds over its precision is written all the same where zeros are trimmed.
  const int digits =
      fraction == FractionStyle::kTrimmed ? (per_second == 1000 ? 3 : 6) : type.precision();
  const int64_t rest = value % per_second;
  if (digits == 0 || (fraction == FractionStyle::kTrimmed && rest == 0)) return out;
  *out++ = '.';
  const int64_t held = per_second == 1000 ? 3 : 6;
  out = write_padded(out, static_cast<uint64_t>(rest / kPowersOfTen[held - digits]), digits);
  if (fraction == FractionStyle::kTrimmed) {
    while (out[-1] == '0') --out;
  }
  return out;
}

char* write_timestamp(char* out, const Type& type, int64_t value, TimestampStyle style,
                      FractionStyle fraction) {
  const int64_t per_day = kSecondsPerDay * units_per_second(type);
  const int64_t days = floor_div(value, per_day);
  out = write_date(out, days);
  *out++ = style == TimestampStyle::kIso ? 'T' : ' ';
  // The remainder by hand: days * per_day may lie below what 64 bits hold.
  const int64_t rest = value % per_day;
  out = write_time(out, type, rest < 0 ? rest + per_day : rest, fraction);
  if (type.id() == TypeId::kTimestampTz) *out++ = 'Z';
  return out;
}

bool parse_date(std::string_view text, int64_t& days) {
  const char* const end = text.data() + text.size();
  return read_date(text.data(), end, days) == end && !text.empty();
}

bool parse_time(std::string_view text, const Type& type, int64_t& value) {
  const char* const end = text.data() + text.size();
  return read_time(text.data(), end, units_per_second(type), value) == end && !text.empty();
}

bool parse_timestamp(std::string_view text, const Type& type, int64_t& value, unsigned styles) {
  const char* const end = text.data() + text.size();
  const int64_t per_second = units_per_second(type);
  int64_t days = 0;
  int64_t time = 0;
  const char* at = read_date(text.data(), end, days);
  if (at == nullptr) return false;
  if (at < end) {
    const TimestampStyle style = *at == ' ' ? TimestampStyle::kSql : TimestampStyle::kIso;
    if (*at != ' ' && *at != 'T' && *at != 't') return false;
    if ((styles >> static_cast<unsigned>(style) & 1) == 0) return false;
    at = read_time(at + 1, end, per_second, time);
    if (at == nullptr) return false;
  }
  int64_t zone_seconds = 0;
  if (at < end) {
    at = read_zone(at, end, zone_seconds);
    if (at != end) return false;
  }
  int64_t day_units;
  if (__builtin_mul_overflow(days, kSecondsPerDay * per_second, &day_units)) return false;
  return !__builtin_add_overflow(day_units, time - zone_seconds * per_second, &value);
}

}  // namespace dataflow
