#include "cli/moment.h"

#include <charconv>
#include <chrono>
#include <cstdio>

#include "base/units.h"
#include "cli/exit_codes.h"

namespace dataflow::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kMomentForms =
    "write it as 2026-11-21T06:40:00Z, as @1795243200000 (milliseconds since 1970), or as 10m ago";

// Takes `digits` digits from the front.
bool take_digits(std::string_view& text, size_t digits, int& value) {
  if (text.size() < digits) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc() || end != text.data() + digits || text[0] == '-') return false;
  text.remove_prefix(digits);
  return true;
}

bool take_char(std::string_view& text, std::string_view any) {
  if (text.empty() || any.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, int64_t& ms) {
  int64_t scale = 100;
  size_t digits = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    ms += (text[0] - '0') * scale;
    scale /= 10;
    ++digits;
    text.remove_prefix(1);
  }
  return digits > 0;
}

// "Z", "+02:00", "-0530" or nothing.
bool take_zone(std::string_view& text, int& minutes) {
  minutes = 0;
  if (text.empty() || take_char(text, "Zz")) return true;
  const bool west = text[0] == '-';
  int hours = 0;
  int rest = 0;
  if (!take_char(text, "+-") || !take_digits(text, 2, hours)) return false;
  (void)take_char(text, ":");
  if (!text.empty() && !take_digits(text, 2, rest)) return false;
  minutes = (hours * 60 + rest) * (west ? -1 : 1);
  return hours <= 14 && rest <= 59;
}

bool parse_calendar(std::string_view text, int64_t& ms) {
  int year, month, day, hour = 0, minute = 0, second = 0, zone = 0;
  int64_t fraction = 0;
  if (!take_digits(text, 4, year) || !take_char(text, "-") || !take_digits(text, 2, month) ||
      !take_char(text, "-") || !take_digits(text, 2, day)) {
    return false;
  }
  if (!text.empty()) {
    if (!take_char(text, "Tt ") || !take_digits(text, 2, hour) || !take_char(text, ":") ||
        !take_digits(text, 2, minute)) {
      return false;
    }
    if (take_char(text, ":") && !take_digits(text, 2, second)) return false;
    if (take_char(text, ".,") && !take_fraction(text, fraction)) return false;
    if (!take_zone(text, zone)) return false;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!text.empty() || !date.ok() || hour > 23 || minute > 59 || second > 60) return false;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  const int64_t seconds = int64_t{hour} * 3600 + (minute - zone) * 60 + second;
  ms = milliseconds(days).count() + seconds * 1000 + fraction;
  return true;
}

}  // namespace

std::string format_moment(int64_t ms) {
  const std::chrono::sys_time<milliseconds> time{milliseconds(ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[48];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

Result<int64_t> parse_moment(std::string_view text, int64_t now_ms) {
  int64_t ms = 0;
  if (parse_calendar(text, ms)) return ms;
  if (text.starts_with('@')) {
    Result<int64_t> since = parse_int(text.substr(1));
    if (since.ok() && *since >= 0) return *since;
  } else {
    std::string_view ago = text;
    if (ago.ends_with(" ago")) ago.remove_suffix(4);
    if (ago.starts_with('-')) ago.remove_prefix(1);
    Result<int64_t> duration = parse_duration_ms(ago);
    if (duration.ok() && *duration > 0) return now_ms - *duration;
  }
  return usage_error("\"" + std::string(text) + "\" is no time: " + std::string(kMomentForms));
}

Result<StartPoint> parse_start_point(std::string_view text, int64_t now_ms) {
  using Kind = StartPoint::Kind;
  if (text == "beginning" || text == "earliest" || text == "start")
    return StartPoint{Kind::kEarliest, 0};
  if (text == "end" || text == "latest") return StartPoint{Kind::kLatest, 0};
  Result<int64_t> number = parse_int(text);
  if (number.ok()) {
    if (*number < 0) return StartPoint{Kind::kBeforeEnd, -*number};
    return StartPoint{Kind::kOffset, *number};
  }
  Result<int64_t> moment = parse_moment(text, now_ms);
  if (moment.ok()) return StartPoint{Kind::kMoment, *moment};
  return usage_error("\"" + std::string(text) +
                     "\" is no place in a stream: say earliest, latest, an offset, -5 for the last "
                     "five, or a time (" +
                     std::string(kMomentForms) + ")");
}

}  // namespace dataflow::cli
