#include <algorithm>

#include "civil_time.h"
#include "time_names.h"
#include "time_pattern.h"

namespace dataflow::expr {

namespace {

constexpr int64_t kMicrosPerDay = kMillisPerDay * 1000;
// No year that is read lies further away: what is reckoned from it stays within 64 bits.
constexpr int64_t kMostYears = 280'000;
constexpr int64_t kMostNumber = 1'000'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool begins_with(std::string_view text, std::string_view name, bool any_case) {
  if (text.size() < name.size()) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    if (any_case ? small(text[i]) != small(name[i]) : text[i] != name[i]) return false;
  }
  return true;
}

// The name's index; `whole`, `part`: which forms are taken.
template <size_t kCount>
int take_name(std::string_view& text, const std::array<std::string_view, kCount>& names, bool whole,
              bool part, bool any_case) {
  for (const bool long_form : {true, false}) {
    if (!(long_form ? whole : part)) continue;
    for (size_t i = 0; i < kCount; ++i) {
      const std::string_view name = long_form ? names[i] : short_name(names[i]);
      if (!begins_with(text, name, any_case)) continue;
      text.remove_prefix(name.size());
      return static_cast<int>(i);
    }
  }
  return -1;
}

bool take_digits(std::string_view& text, size_t count, int64_t& value) {
  if (text.size() < count) return false;
  value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return false;
    value = std::min(value * 10 + (text[i] - '0'), kMostNumber);
  }
  text.remove_prefix(count);
  return true;
}

// "Z" (if `zulu`), "+02", "+0200", "+02:00".
bool take_offset(std::string_view& text, bool zulu, bool minutes, bool colon, int64_t& offset) {
  offset = 0;
  if (zulu && !text.empty() && text[0] == 'Z') {
    text.remove_prefix(1);
    return true;
  }
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  const bool negative = text[0] == '-';
  text.remove_prefix(1);
  int64_t hour = 0;
  int64_t minute = 0;
  if (!take_digits(text, 2, hour)) return false;
  if (minutes) {
    if (colon) {
      if (text.empty() || text[0] != ':') return false;
      text.remove_prefix(1);
    }
    if (!take_digits(text, 2, minute)) return false;
  }
  if (hour > 23 || minute > 59) return false;
  offset = (hour * 60 + minute) * kMillisPerMinute * 1000;
  if (negative) offset = -offset;
  return true;
}

// Of a year's last two digits, in the hundred years from the first one on.
int64_t whole_year(int64_t value, int64_t first_year) {
  value += floor_div(first_year, 100) * 100;
  return value < first_year ? value + 100 : value;
}

// "BC" or "AD", "AM" or "PM": 0 or 1; -1 for neither.
int take_either(std::string_view& text, std::string_view first, std::string_view second,
                bool any_case) {
  return take_name(text, std::array<std::string_view, 2>{first, second}, true, false, any_case);
}

}  // namespace

struct TimePattern::Fields {
  int64_t first_year = 2000;
  std::optional<int64_t> year;
  std::optional<int64_t> month;
  std::optional<int64_t> day;
  std::optional<int64_t> day_of_year;
  std::optional<int64_t> day_of_week;  // Monday is 0
  std::optional<int64_t> hour;         // 0 to 23
  std::optional<int64_t> half_hour;    // 0 to 11
  std::optional<bool> afternoon;
  std::optional<int64_t> minute;
  std::optional<int64_t> second;
  int64_t micros = 0;
  bool before_christ = false;
  std::optional<int64_t> offset;
};

// How many digits belong to the number: java.time wants the pattern's count of them, unless that is
// one letter; SimpleDateFormat takes all, unless another number follows at once.
bool TimePattern::read_number(size_t at, std::string_view& text, int64_t& value,
                              int& digits) const {
  const Part& part = parts_[at];
  const bool simple = style_ == PatternStyle::kSimple;
  const bool year = part.letter == 'y' || part.letter == 'u';
  size_t have = 0;
  bool signed_year = false;
  if (!simple && year && !text.empty() && (text[0] == '+' || text[0] == '-')) {
    if (text[0] == '-' && part.letter == 'y') return false;
    signed_year = true;
  }
  std::string_view rest = text.substr(signed_year ? 1 : 0);
  while (have < rest.size() && is_digit(rest[have])) ++have;
  const auto count = static_cast<size_t>(part.count);
  const bool followed = at + 1 < parts_.size() && parts_[at + 1].numeric;
  size_t take = have;
  if (simple) {
    if (followed) take = count;
  } else {
    size_t reserved = 0;
    for (size_t i = at + 1; i < parts_.size() && parts_[i].numeric && parts_[i].count > 1; ++i) {
      reserved += static_cast<size_t>(parts_[i].count);
    }
    const bool fixed = part.letter == 'S' || (year ? count >= 4 || count == 2 : count == 2);
    size_t most = fixed && !signed_year ? count : part.letter == 'D' && count > 1 ? 3 : 19;
    take = std::min(most, have > reserved ? have - reserved : 0);
    take = std::max(take, count);
  }
  if (take == 0 || take > have || take > 19) return false;
  digits = static_cast<int>(take);
  if (!take_digits(rest, take, value)) return false;
  if (signed_year && text[0] == '-') value = -value;
  text = rest;
  return true;
}

bool TimePattern::read_part(size_t at, std::string_view& text, Fields& fields) const {
  const Part& part = parts_[at];
  const bool simple = style_ == PatternStyle::kSimple;
  if (part.letter == 0) {
    if (!begins_with(text, part.text, false)) return false;
    text.remove_prefix(part.text.size());
    return true;
  }
  while (simple && !text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
  const bool whole = simple || part.count == 4;
  const bool short_form = simple || part.count != 4;
  int64_t value = 0;
  int digits = 0;
  if (part.numeric && !read_number(at, text, value, digits)) return false;
  switch (part.letter) {
    case 'G': {
      const int era = take_either(text, "BC", "AD", simple);
      fields.before_christ = era == 0;
      return era >= 0;
    }
    case 'y': {
      const bool reduced = digits == 2 && (part.count == 2 || (simple && part.count == 1));
      fields.year = reduced ? whole_year(value, fields.first_year) : value;
      return true;
    }
    case 'u': (simple ? fields.day_of_week : fields.year) = simple ? value - 1 : value; return true;
    case 'M':
    case 'L':
      if (!part.numeric) value = take_name(text, kMonthNames, whole, short_form, simple) + 1;
      fields.month = value;
      return part.numeric || value > 0;
    case 'd': fields.day = value; return true;
    case 'D': fields.day_of_year = value; return true;
    case 'E': {
      const int day = take_name(text, kDayNames, whole, short_form, simple);
      fields.day_of_week = day;
      return day >= 0;
    }
    case 'a': {
      const int half = take_either(text, "AM", "PM", simple);
      fields.afternoon = half == 1;
      return half >= 0;
    }
    case 'H': fields.hour = value; return true;
    case 'k': fields.hour = value == 24 ? 0 : value; return simple || (value >= 1 && value <= 24);
    case 'K': fields.half_hour = value; return true;
    case 'h':
      fields.half_hour = value == 12 ? 0 : value;
      return simple || (value >= 1 && value <= 12);
    case 'm': fields.minute = value; return true;
    case 's': fields.second = value; return true;
    case 'S':
      if (simple) {
        fields.micros = value * 1000;
      } else {
        for (; digits < 6; ++digits) value *= 10;
        for (; digits > 6; --digits) value /= 10;
        fields.micros = value;
      }
      return true;
    case 'X':
      if (!take_offset(text, true, part.count > 1, part.count == 3, value)) return false;
      fields.offset = value;
      return true;
    default:
      if (!take_offset(text, false, true, false, value)) return false;
      fields.offset = value;
      return true;
  }
}

// Only values that there are; what is missing is that of 1970-01-01 00:00:00.
std::optional<TimeRead> TimePattern::resolve(const Fields& fields) const {
  const int64_t year = fields.year.value_or(1970);
  const int64_t month = fields.month.value_or(1);
  int64_t day = fields.day.value_or(1);
  if (year < -kMostYears || year > kMostYears || month < 1 || month > 12 || day < 1 || day > 31) {
    return std::nullopt;
  }
  const int64_t last = days_in_month(year, static_cast<int>(month));
  if (day > last) {
    if (!fields.year || !fields.month) return std::nullopt;
    day = last;  // the 31st of June is its last day
  }
  int64_t days = days_from_civil(year, static_cast<int>(month), static_cast<int>(day));
  if (fields.day_of_year) {
    const int64_t first = days_from_civil(year, 1, 1);
    const int64_t length = days_from_civil(year + 1, 1, 1) - first;
    if (*fields.day_of_year < 1 || *fields.day_of_year > length) return std::nullopt;
    const int64_t named = first + *fields.day_of_year - 1;
    if (fields.month && fields.day && named != days) return std::nullopt;
    days = named;
  }
  const bool whole_date = fields.year && fields.month && fields.day;
  if (fields.day_of_week && whole_date && floor_mod(days + 3, 7) != *fields.day_of_week) {
    return std::nullopt;
  }
  int64_t hour = fields.hour.value_or(0);
  if (fields.half_hour) {
    if (*fields.half_hour > 11) return std::nullopt;
    // Without its half the hour is not known.
    if (!fields.hour && fields.afternoon) hour = *fields.half_hour + (*fields.afternoon ? 12 : 0);
  }
  const int64_t minute = fields.minute.value_or(0);
  const int64_t second = fields.second.value_or(0);
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const int64_t within = ((hour * 60 + minute) * 60 + second) * 1'000'000 + fields.micros;
  return TimeRead{days * kMicrosPerDay + within, fields.offset};
}

// Values beyond their range count on: the 32nd of January is the 1st of February.
std::optional<TimeRead> TimePattern::resolve_lenient(const Fields& fields) const {
  int64_t year = fields.year.value_or(1970);
  if (fields.before_christ) year = 1 - year;
  const int64_t month = fields.month.value_or(1) - 1;
  const int64_t day = fields.day.value_or(1);
  int64_t hour = fields.hour.value_or(0);
  if (fields.half_hour && !fields.hour) {
    hour = *fields.half_hour + (fields.afternoon.value_or(false) ? 12 : 0);
  }
  const int64_t minute = fields.minute.value_or(0);
  const int64_t second = fields.second.value_or(0);
  constexpr int64_t kMostUnits = 100'000'000;
  for (const int64_t value : {year, month, day, hour, minute, fields.day_of_year.value_or(1)}) {
    if (value > kMostUnits) return std::nullopt;
  }
  if (second > kMostUnits * 100) return std::nullopt;
  year += floor_div(month, 12);
  if (year < -kMostYears || year > kMostYears) return std::nullopt;
  int64_t days = days_from_civil(year, static_cast<int>(floor_mod(month, 12)) + 1, 1) + day - 1;
  if (fields.day_of_year) days = days_from_civil(year, 1, 1) + *fields.day_of_year - 1;
  const int64_t seconds = days * 86'400 + (hour * 60 + minute) * 60 + second;
  constexpr int64_t kMostSeconds = INT64_MAX / 1'000'000 / 2;
  if (seconds > kMostSeconds || seconds < -kMostSeconds) return std::nullopt;
  return TimeRead{seconds * 1'000'000 + fields.micros, fields.offset};
}

std::optional<TimeRead> TimePattern::read(std::string_view text, int64_t first_year) const {
  Fields fields;
  fields.first_year = first_year;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (!read_part(i, text, fields)) return std::nullopt;
  }
  if (style_ == PatternStyle::kSimple) return resolve_lenient(fields);
  return text.empty() ? resolve(fields) : std::nullopt;
}

}  // namespace dataflow::expr
