#include "time_pattern.h"

#include <algorithm>

#include "civil_time.h"
#include "time_names.h"

namespace dataflow::expr {

namespace {

constexpr int64_t kMicrosPerMinute = kMillisPerMinute * 1000;
constexpr int64_t kMicrosPerHour = kMillisPerHour * 1000;
constexpr int64_t kMicrosPerDay = kMillisPerDay * 1000;
constexpr std::string_view kLetters = "GyuMLdDEaHkKhmsSXZ";
constexpr int kMostLetters = 19;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void put_number(std::string& out, int64_t value, int width) {
  if (value < 0) out.push_back('-');
  const std::string digits = std::to_string(value < 0 ? -value : value);
  for (int i = static_cast<int>(digits.size()); i < width; ++i) out.push_back('0');
  out.append(digits);
}

// "+02", "+0200", "+02:00"; `zulu`: Z stands for none.
void put_offset(std::string& out, int64_t offset, bool minutes, bool colon, bool zulu) {
  if (offset == 0 && zulu) return out.push_back('Z');
  out.push_back(offset < 0 ? '-' : '+');
  if (offset < 0) offset = -offset;
  put_number(out, offset / kMicrosPerHour, 2);
  if (!minutes) return;
  if (colon) out.push_back(':');
  put_number(out, offset / kMicrosPerMinute % 60, 2);
}

void put_name(std::string& out, std::string_view name, int count) {
  out.append(count == 5 ? name.substr(0, 1) : count == 4 ? name : short_name(name));
}

int64_t hour_as(char letter, int64_t hour) {
  switch (letter) {
    case 'k': return hour == 0 ? 24 : hour;
    case 'K': return hour % 12;
    case 'h': return hour % 12 == 0 ? 12 : hour % 12;
    default: return hour;
  }
}

}  // namespace

Status TimePattern::add(char letter, int count) {
  if (kLetters.find(letter) == std::string_view::npos) {
    return Status::invalid(std::string("the pattern's letter '") + letter +
                           "' is not known here; known are " + std::string(kLetters) +
                           ", and text stands in '…'" +
                           (letter == 'Y'   ? "; the year is y"
                            : letter == 'n' ? "; parts of a "
                                              "second are S"
                                            : ""));
  }
  if (count > kMostLetters) return Status::invalid("the pattern repeats a letter too often");
  const bool two_at_most = std::string_view("dHkKhms").find(letter) != std::string_view::npos;
  const int most = two_at_most ? 2 : letter == 'D' ? 3 : letter == 'S' ? 9 : letter == 'X' ? 3 : 19;
  if (style_ == PatternStyle::kFormatter && count > most) {
    return Status::invalid(std::string("the pattern has too many letters '") + letter + "'");
  }
  const bool name = letter == 'G' || letter == 'E' || letter == 'a' || letter == 'X' ||
                    letter == 'Z' || ((letter == 'M' || letter == 'L') && count > 2);
  parts_.push_back({letter, count, "", !name});
  return {};
}

void TimePattern::add_text(char c) {
  if (parts_.empty() || parts_.back().letter != 0) parts_.push_back({});
  parts_.back().text.push_back(c);
}

Result<TimePattern> TimePattern::parse(std::string_view pattern, PatternStyle style) {
  TimePattern made;
  made.style_ = style;
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (is_letter(c)) {
      size_t end = i;
      while (end < pattern.size() && pattern[end] == c) ++end;
      DF_RETURN_IF_ERROR(made.add(c, static_cast<int>(std::min<size_t>(end - i, 100))));
      i = end;
    } else if (c != '\'') {
      if (style == PatternStyle::kFormatter && std::string_view("[]{}#").find(c) != pattern.npos) {
        return Status::invalid(std::string("the pattern's '") + c + "' must stand in quotes");
      }
      made.add_text(c);
      ++i;
    } else if (pattern.substr(i, 2) == "''") {
      made.add_text('\'');
      i += 2;
    } else {
      for (++i; i < pattern.size() && (pattern[i] != '\'' || pattern.substr(i, 2) == "''"); ++i) {
        if (pattern[i] == '\'') ++i;
        made.add_text(pattern[i]);
      }
      if (i >= pattern.size()) return Status::invalid("the pattern has a quote without its end");
      ++i;
    }
  }
  return made;
}

bool TimePattern::has_zone() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.letter == 'X' || part.letter == 'Z'; });
}

void TimePattern::write(std::string& out, int64_t micros, int64_t offset) const {
  const int64_t days = floor_div(micros, kMicrosPerDay);
  const int64_t within = floor_mod(micros, kMicrosPerDay);
  const CivilDate date = civil_from_days(days);
  const int64_t of_era = date.year > 0 ? date.year : 1 - date.year;
  const auto day_of_week = static_cast<size_t>(floor_mod(days + 3, 7));
  const bool simple = style_ == PatternStyle::kSimple;
  for (const Part& part : parts_) {
    switch (part.letter) {
      case 0: out.append(part.text); break;
      case 'G': out.append(date.year > 0 ? "AD" : "BC"); break;
      case 'u':
        if (simple) {
          put_number(out, static_cast<int64_t>(day_of_week) + 1, part.count);
          break;
        }
        [[fallthrough]];
      case 'y': {
        const int64_t year = part.letter == 'u' ? date.year : of_era;
        if (part.count == 2) {
          put_number(out, floor_mod(year, 100), 2);
        } else {
          if (!simple && part.count >= 4 && year > 9999) out.push_back('+');
          put_number(out, year, part.count);
        }
        break;
      }
      case 'M':
      case 'L':
        if (part.numeric) {
          put_number(out, date.month, part.count);
        } else {
          put_name(out, kMonthNames[static_cast<size_t>(date.month - 1)],
                   simple && part.count > 4 ? 4 : part.count);
        }
        break;
      case 'd': put_number(out, date.day, part.count); break;
      case 'D': put_number(out, days - days_from_civil(date.year, 1, 1) + 1, part.count); break;
      case 'E':
        put_name(out, kDayNames[day_of_week], simple && part.count > 4 ? 4 : part.count);
        break;
      case 'a': out.append(within < kMicrosPerDay / 2 ? "AM" : "PM"); break;
      case 'm': put_number(out, within / kMicrosPerMinute % 60, part.count); break;
      case 's': put_number(out, within / 1'000'000 % 60, part.count); break;
      case 'S':
        if (simple) {
          put_number(out, within / 1000 % 1000, part.count);
        } else {
          std::string digits = std::to_string(1'000'000 + within % 1'000'000).substr(1);
          digits.resize(static_cast<size_t>(part.count), '0');
          out.append(digits);
        }
        break;
      case 'X':
        put_offset(out, offset, part.count > 1 || offset % kMicrosPerHour != 0, part.count == 3,
                   true);
        break;
      case 'Z': put_offset(out, offset, true, false, false); break;
      default: put_number(out, hour_as(part.letter, within / kMicrosPerHour), part.count); break;
    }
  }
}

}  // namespace dataflow::expr
