#include "civil_time.h"

#include <cstdio>

namespace dataflow::expr {

namespace {

// Reads `least` to `most` digits from the front.
std::optional<int64_t> take_digits(std::string_view& text, size_t least, size_t most) {
  int64_t value = 0;
  size_t n = 0;
  while (n < text.size() && n < most && text[n] >= '0' && text[n] <= '9') {
    value = value * 10 + (text[n] - '0');
    ++n;
  }
  if (n < least) return std::nullopt;
  text.remove_prefix(n);
  return value;
}

bool take_char(std::string_view& text, char wanted) {
  if (text.empty() || text[0] != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<int64_t> take_date(std::string_view& text) {
  auto year = take_digits(text, 1, 4);
  if (!year || !take_char(text, '-')) return std::nullopt;
  auto month = take_digits(text, 1, 2);
  if (!month || !take_char(text, '-')) return std::nullopt;
  auto day = take_digits(text, 1, 2);
  if (!day || *month < 1 || *month > 12 || *day < 1) return std::nullopt;
  int m = static_cast<int>(*month);
  int d = static_cast<int>(*day);
  if (d > days_in_month(*year, m)) return std::nullopt;
  return days_from_civil(*year, m, d);
}

std::optional<ParsedTime> take_time(std::string_view& text) {
  ParsedTime parsed;
  auto hour = take_digits(text, 1, 2);
  if (!hour || *hour > 23 || !take_char(text, ':')) return std::nullopt;
  auto minute = take_digits(text, 1, 2);
  if (!minute || *minute > 59) return std::nullopt;
  int64_t second = 0;
  int64_t fraction = 0;
  if (take_char(text, ':')) {
    auto written = take_digits(text, 1, 2);
    if (!written || *written > 59) return std::nullopt;
    second = *written;
    if (take_char(text, '.')) {
      int digits = 0;
      while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
        if (digits < 6) {
          fraction = fraction * 10 + (text[0] - '0');
          ++digits;
        }
        text.remove_prefix(1);
      }
      parsed.fraction_digits = digits;
      for (; digits < 6; ++digits) fraction *= 10;
    }
  }
  parsed.micros = ((*hour * 60 + *minute) * 60 + second) * 1'000'000 + fraction;
  return parsed;
}

}  // namespace

int64_t add_months(int64_t days, int64_t months) {
  CivilDate date = civil_from_days(days);
  int64_t month = date.year * 12 + date.month - 1 + months;
  int64_t year = floor_div(month, 12);
  int m = static_cast<int>(floor_mod(month, 12)) + 1;
  int last = days_in_month(year, m);
  return days_from_civil(year, m, date.day < last ? date.day : last);
}

std::optional<int64_t> parse_date(std::string_view text) {
  text = trimmed(text);
  auto days = take_date(text);
  if (!days || !text.empty()) return std::nullopt;
  return days;
}

std::optional<ParsedTime> parse_time(std::string_view text) {
  text = trimmed(text);
  auto parsed = take_time(text);
  if (!parsed || !text.empty()) return std::nullopt;
  return parsed;
}

std::optional<ParsedTime> parse_timestamp(std::string_view text) {
  text = trimmed(text);
  auto days = take_date(text);
  if (!days) return std::nullopt;
  ParsedTime parsed;
  if (!text.empty()) {
    if (!take_char(text, ' ') && !take_char(text, 'T')) return std::nullopt;
    auto time = take_time(text);
    if (!time) return std::nullopt;
    take_char(text, 'Z');
    if (!text.empty()) return std::nullopt;
    parsed = *time;
  }
  parsed.micros += *days * kMillisPerDay * 1000;
  return parsed;
}

std::optional<int64_t> parse_day(std::string_view text) {
  if (const auto parsed = parse_timestamp(text)) {
    return floor_div(parsed->micros, kMillisPerDay * 1000);
  }
  text = trimmed(text);
  const auto year = take_digits(text, 1, 4);
  std::optional<int64_t> month = 1;
  if (!text.empty()) month = take_char(text, '-') ? take_digits(text, 1, 2) : std::nullopt;
  if (!year || !month || *month < 1 || *month > 12 || !text.empty()) return std::nullopt;
  return days_from_civil(*year, static_cast<int>(*month), 1);
}

std::string date_text(int64_t days) {
  char text[kMaxTemporalChars];
  return std::string(text, write_date(text, days));
}

std::string time_text(int64_t micros, int precision) {
  int64_t seconds = micros / 1'000'000;
  char text[48];
  std::snprintf(text, sizeof text, "%02lld:%02lld:%02lld", static_cast<long long>(seconds / 3600),
                static_cast<long long>(seconds / 60 % 60), static_cast<long long>(seconds % 60));
  std::string out = text;
  if (precision > 0) {
    std::snprintf(text, sizeof text, ".%06lld", static_cast<long long>(micros % 1'000'000));
    out.append(text, static_cast<size_t>(precision < 6 ? precision : 6) + 1);
  }
  return out;
}

std::string timestamp_text(int64_t micros, int precision) {
  constexpr int64_t kMicrosPerDay = kMillisPerDay * 1000;
  return date_text(floor_div(micros, kMicrosPerDay)) + " " +
         time_text(floor_mod(micros, kMicrosPerDay), precision);
}

int64_t cut_to_precision(int64_t micros, int precision) {
  static constexpr int64_t kUnits[] = {1'000'000, 100'000, 10'000, 1000, 100, 10, 1};
  int64_t unit = kUnits[precision < 6 ? precision : 6];
  return micros - floor_mod(micros, unit);
}

}  // namespace dataflow::expr
