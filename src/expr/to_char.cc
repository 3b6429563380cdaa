// TO_CHAR: times and numbers as PostgreSQL's patterns show them.
#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>

#include "decimal_math.h"
#include "decimal_text.h"
#include "expr/lexer.h"
#include "row_time.h"
#include "text_forms.h"
#include "time_function.h"
#include "time_names.h"
#include "typed_function.h"

namespace dataflow::expr {

namespace {

using View = std::string_view;

constexpr int64_t kMicrosPerDay = kMillisPerDay * 1000;
constexpr size_t kNameWidth = 9;  // "September", "Wednesday"
constexpr size_t kMostPattern = 1000;

// ---- Times.

struct Moment {
  explicit Moment(int64_t micros)
      : days(floor_div(micros, kMicrosPerDay)),
        within(floor_mod(micros, kMicrosPerDay)),
        date(civil_from_days(days)) {}

  int64_t hour() const { return within / 3'600'000'000; }
  int64_t day_of_year() const { return days - days_from_civil(date.year, 1, 1) + 1; }
  int64_t iso_day() const { return floor_mod(days + 3, 7) + 1; }
  // Of the Thursday of its week, which says the year that the week is of.
  int64_t thursday() const { return days - iso_day() + 4; }
  int64_t iso_year() const { return civil_from_days(thursday()).year; }
  int64_t iso_week() const { return (thursday() - days_from_civil(iso_year(), 1, 1)) / 7 + 1; }

  int64_t days;
  int64_t within;
  CivilDate date;
};

constexpr int64_t kJulianDayOfEpoch = 2'440'588;

struct NumberPart {
  View name;
  int width;
  int64_t (*value)(const Moment&);
};

// Longer names before those that they begin with.
constexpr std::array<NumberPart, 35> kNumberParts = {{
    {"HH24", 2, [](const Moment& m) { return m.hour(); }},
    {"HH12", 2, [](const Moment& m) { return (m.hour() + 11) % 12 + 1; }},
    {"HH", 2, [](const Moment& m) { return (m.hour() + 11) % 12 + 1; }},
    {"MI", 2, [](const Moment& m) { return m.within / 60'000'000 % 60; }},
    {"SSSSS", 1, [](const Moment& m) { return m.within / 1'000'000; }},
    {"FF1", 1, [](const Moment& m) { return m.within % 1'000'000 / 100'000; }},
    {"FF2", 2, [](const Moment& m) { return m.within % 1'000'000 / 10'000; }},
    {"FF3", 3, [](const Moment& m) { return m.within % 1'000'000 / 1000; }},
    {"FF4", 4, [](const Moment& m) { return m.within % 1'000'000 / 100; }},
    {"FF5", 5, [](const Moment& m) { return m.within % 1'000'000 / 10; }},
    {"FF6", 6, [](const Moment& m) { return m.within % 1'000'000; }},
    {"SSSS", 1, [](const Moment& m) { return m.within / 1'000'000; }},
    {"SS", 2, [](const Moment& m) { return m.within / 1'000'000 % 60; }},
    {"MS", 3, [](const Moment& m) { return m.within / 1000 % 1000; }},
    {"US", 6, [](const Moment& m) { return m.within % 1'000'000; }},
    {"YYYY", 4, [](const Moment& m) { return int64_t{m.date.year}; }},
    {"YYY", 3, [](const Moment& m) { return floor_mod(m.date.year, 1000); }},
    {"YY", 2, [](const Moment& m) { return floor_mod(m.date.year, 100); }},
    {"Y", 1, [](const Moment& m) { return floor_mod(m.date.year, 10); }},
    {"IYYY", 4, [](const Moment& m) { return m.iso_year(); }},
    {"IYY", 3, [](const Moment& m) { return floor_mod(m.iso_year(), 1000); }},
    {"IDDD", 3, [](const Moment& m) { return (m.iso_week() - 1) * 7 + m.iso_day(); }},
    {"IW", 2, [](const Moment& m) { return m.iso_week(); }},
    {"IY", 2, [](const Moment& m) { return floor_mod(m.iso_year(), 100); }},
    {"WW", 2, [](const Moment& m) { return (m.day_of_year() - 1) / 7 + 1; }},
    {"MM", 2, [](const Moment& m) { return int64_t{m.date.month}; }},
    {"DDD", 3, [](const Moment& m) { return m.day_of_year(); }},
    {"DD", 2, [](const Moment& m) { return int64_t{m.date.day}; }},
    {"ID", 1, [](const Moment& m) { return m.iso_day(); }},
    {"I", 1, [](const Moment& m) { return floor_mod(m.iso_year(), 10); }},
    {"J", 1, [](const Moment& m) { return m.days + kJulianDayOfEpoch; }},
    {"D", 1, [](const Moment& m) { return m.iso_day() % 7 + 1; }},
    {"W", 1, [](const Moment& m) { return int64_t{(m.date.day - 1) / 7 + 1}; }},
    {"Q", 1, [](const Moment& m) { return int64_t{(m.date.month + 2) / 3}; }},
    {"CC", 2, [](const Moment& m) { return floor_div(m.date.year + 99, 100); }},
}};

bool begins_with(View pattern, View capitals) {
  return in_capitals(pattern.substr(0, capitals.size())) == capitals;
}

// In the letters that the pattern has: MONTH, Month, month.
void append_name(std::string& out, View name, View pattern, bool padded) {
  const auto is_small = [](char c) { return c >= 'a'; };
  for (size_t i = 0; i < name.size(); ++i) {
    const bool small = i == 0 ? is_small(pattern[0]) : is_small(pattern[1]);
    const char letter = static_cast<char>(name[i] | 0x20);
    out += small ? letter : static_cast<char>(letter & ~0x20);
  }
  if (padded && name.size() < kNameWidth) out.append(kNameWidth - name.size(), ' ');
}

// What the pattern begins with, of names; how much of it. 0: none.
size_t append_named(std::string& out, const Moment& moment, View pattern, bool fill) {
  const View month = kMonthNames[static_cast<size_t>(moment.date.month - 1)];
  const View day = kDayNames[static_cast<size_t>(moment.iso_day() - 1)];
  struct Named {
    View name;
    View shown;
    bool padded;
  };
  for (const Named& each : {Named{"MONTH", month, fill}, Named{"MON", short_name(month), false},
                            Named{"DAY", day, fill}, Named{"DY", short_name(day), false}}) {
    if (!begins_with(pattern, each.name)) continue;
    append_name(out, each.shown, pattern, each.padded);
    return each.name.size();
  }
  for (const View half : {"AM", "PM", "A.M.", "P.M."}) {
    if (!begins_with(pattern, half)) continue;
    const bool small = pattern[0] >= 'a';
    out += (moment.hour() < 12 ? (small ? 'a' : 'A') : (small ? 'p' : 'P'));
    for (const char c : half.substr(1)) out += small && c != '.' ? static_cast<char>(c | 0x20) : c;
    return half.size();
  }
  return 0;
}

// A text in quotes stands as it is; how much of the pattern it is.
size_t append_quoted(std::string& out, View pattern) {
  size_t at = 1;
  for (; at < pattern.size() && pattern[at] != '"'; ++at) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    out += pattern[at];
  }
  return std::min(at + 1, pattern.size());
}

size_t append_number_part(std::string& out, const Moment& moment, View pattern, bool fill) {
  for (const NumberPart& part : kNumberParts) {
    if (!begins_with(pattern, part.name)) continue;
    const bool fraction = part.name == "MS" || part.name == "US" || part.name[0] == 'F';
    char digits[32];
    std::snprintf(digits, sizeof digits, "%0*lld", fill || fraction ? part.width : 1,
                  static_cast<long long>(part.value(moment)));
    out += digits;
    return part.name.size();
  }
  return 0;
}

// What PostgreSQL knows and this does not: ordinals, eras, zones, Roman months, words.
bool is_unknown(View pattern, bool behind_number) {
  if (behind_number && begins_with(pattern, "TH")) return true;
  return std::ranges::any_of(
      std::initializer_list<View>{"TZ", "OF", "RM", "AD", "BC", "A.D.", "B.C.", "Y,YYY"},
      [&](View name) { return begins_with(pattern, name); });
}

// What of the pattern is not known; empty: nothing is left.
View append_time(std::string& out, int64_t micros, View pattern) {
  const Moment moment(micros);
  bool behind_number = false;
  while (!pattern.empty()) {
    if (is_unknown(pattern, behind_number)) return pattern;
    const bool fill = !begins_with(pattern, "FM");
    if (!fill) pattern.remove_prefix(2);
    if (pattern.empty()) break;
    size_t taken =
        pattern[0] == '"' ? append_quoted(out, pattern) : append_named(out, moment, pattern, fill);
    behind_number = taken == 0;
    if (taken == 0) taken = append_number_part(out, moment, pattern, fill);
    behind_number &= taken > 0;
    if (taken == 0) out += pattern[taken++];
    pattern.remove_prefix(taken);
  }
  return {};
}

// ---- Numbers.

// 'FM9,990.00': what stands before the point and behind it, and how the sign is shown.
struct NumberPattern {
  enum class Sign : uint8_t { kBefore, kPlusBefore, kPlusBehind, kMinusBehind, kBrackets };
  std::string whole;     // 9, 0, and "," for a separator
  std::string fraction;  // 9 and 0
  std::string before, behind;
  bool point = false;
  bool fills = true;
  Sign sign = Sign::kBefore;

  size_t digits() const {
    return static_cast<size_t>(std::ranges::count_if(whole, [](char c) { return c != ','; }));
  }
};

size_t take_sign(NumberPattern& made, View rest) {
  using Sign = NumberPattern::Sign;
  const bool began = !made.whole.empty() || made.point;
  if (begins_with(rest, "PR") && began) {
    made.sign = Sign::kBrackets;
  } else if (begins_with(rest, "MI") && began) {
    made.sign = Sign::kMinusBehind;
  } else if (begins_with(rest, "S")) {
    made.sign = began ? Sign::kPlusBehind : Sign::kPlusBefore;
    return 1;
  } else {
    return 0;
  }
  return 2;
}

Result<NumberPattern> parse_number_pattern(View pattern) {
  NumberPattern made;
  for (View rest = pattern; !rest.empty();) {
    size_t taken = 1;
    const char c = static_cast<char>(in_capitals(rest.substr(0, 1))[0]);
    if (begins_with(rest, "FM")) {
      made.fills = false;
      taken = 2;
    } else if (c == '9' || c == '0') {
      (made.point ? made.fraction : made.whole) += c;
    } else if ((c == ',' || c == 'G') && !made.point) {
      made.whole += ',';
    } else if ((c == '.' || c == 'D') && !made.point) {
      made.point = true;
    } else if (const size_t sign = take_sign(made, rest)) {
      taken = sign;
    } else if (c == '"') {
      taken = append_quoted(made.whole.empty() && !made.point ? made.before : made.behind, rest);
    } else if ((c >= 'A' && c <= 'Z') || c == ',' || c == '.') {
      return Status::invalid("'" + std::string(pattern) + "' is no pattern of a number: `" +
                             std::string(rest.substr(0, 2)) +
                             "`; it is made of 9 0 . , FM S MI PR "
                             "and texts in \"quotes\"");
    } else {
      (made.whole.empty() && !made.point ? made.before : made.behind) += rest[0];
    }
    rest.remove_prefix(taken);
  }
  if (made.digits() + made.fraction.size() > 38) {
    return Status::invalid("a pattern has 38 digits at most");
  }
  return made;
}

// The part before the point. `digits` has no zeros in front, and fits.
std::string whole_text(const NumberPattern& pattern, const std::string& digits) {
  const size_t blank = pattern.digits() - digits.size();
  bool seen = false;
  std::string out;
  size_t at = 0;
  for (const char c : pattern.whole) {
    if (c == ',') {
      if (seen) out += ',';
      if (!seen && pattern.fills) out += ' ';
      continue;
    }
    const bool last = at + 1 == pattern.digits();
    const bool zero = c == '0' || seen || (last && !pattern.point);
    seen |= at >= blank || zero;
    if (at >= blank) {
      out += digits[at - blank];
    } else if (seen) {
      out += '0';
    } else if (pattern.fills) {
      out += ' ';
    }
    ++at;
  }
  return out;
}

std::string fraction_text(const NumberPattern& pattern, std::string digits) {
  if (!pattern.point) return "";
  size_t kept = digits.size();
  if (!pattern.fills) {
    while (kept > 0 && digits[kept - 1] == '0' && pattern.fraction[kept - 1] == '9') --kept;
  }
  return "." + digits.substr(0, kept);
}

std::string with_sign(const NumberPattern& pattern, std::string text, bool negative) {
  using Sign = NumberPattern::Sign;
  const size_t blanks = std::min(text.find_first_not_of(' '), text.size());
  const std::string none = pattern.fills ? " " : "";
  switch (pattern.sign) {
    case Sign::kBefore: text.insert(blanks, negative ? "-" : none); break;
    case Sign::kPlusBefore: text.insert(blanks, negative ? "-" : "+"); break;
    case Sign::kPlusBehind: text += negative ? "-" : "+"; break;
    case Sign::kMinusBehind: text += negative ? "-" : none; break;
    case Sign::kBrackets:
      text.insert(blanks, negative ? "<" : none);
      text += negative ? ">" : none;
      break;
  }
  return pattern.before + text + pattern.behind;
}

std::string number_text(const NumberPattern& pattern, DecimalValue value) {
  const auto scale = static_cast<int>(pattern.fraction.size());
  const auto rounded = decimal_to(value, Type::decimal(38, scale));
  const bool negative = value.unscaled < 0 && (!rounded || *rounded != 0);
  std::string digits;
  if (rounded) {
    digits = decimal_text(negative ? -*rounded : *rounded, 0);
    if (digits.size() < pattern.fraction.size()) {
      digits.insert(0, pattern.fraction.size() - digits.size(), '0');
    }
  }
  std::string fraction;
  if (rounded) fraction = digits.substr(digits.size() - pattern.fraction.size());
  digits.resize(digits.size() - fraction.size());
  if (digits == "0") digits.clear();
  if (!rounded || digits.size() > pattern.digits()) {  // too many: as PostgreSQL shows it
    digits.assign(pattern.digits(), '#');
    fraction.assign(pattern.fraction.size(), '#');
  }
  return with_sign(pattern, whole_text(pattern, digits) + fraction_text(pattern, fraction),
                   negative);
}

// ---- Binding.

Result<NodePtr> number_to_char(NodePtr number, NodePtr pattern, const CallSite& site) {
  const bool floats = number->type().is_float();
  const Type decimal = floats ? Type::decimal(38, 18) : as_decimal(number->type());
  DF_ASSIGN_OR_RETURN(number, coerced(std::move(number), decimal, site));
  if (const Value* constant = pattern->literal(); constant != nullptr && !constant->is_null()) {
    const Result<NumberPattern> parsed = parse_number_pattern(constant->as_text());
    if (!parsed.ok()) return site.fail(parsed.status().message());
  }
  return make_row_function<Text, Int128, View>(
      Type::string(), {std::move(number), std::move(pattern)},
      [scale = decimal.scale()](Row& row, std::string& out, Int128 value, View text) {
        const Result<NumberPattern> parsed = parse_number_pattern(text);
        if (parsed.ok()) {
          out += number_text(*parsed, {value, scale});
        } else {
          row.fail([&] { return std::string(parsed.status().message()); });
        }
      });
}

Result<NodePtr> bind_to_char(Nodes arguments, const CallSite& site) {
  const Type& type = arguments[0]->type();
  const TypeId pattern = arguments[1]->type().id();
  if (type.id() == TypeId::kNull || pattern == TypeId::kNull) {
    return make_literal(Value::null(Type::string()));
  }
  const bool time = type.is_timestamp() || type.id() == TypeId::kDate || type.id() == TypeId::kTime;
  if (pattern != TypeId::kString || (!time && !type.is_numeric())) {
    return site.wrong_types("a time or a number, and a pattern", arguments);
  }
  const Value* constant = arguments[1]->literal();
  if (constant != nullptr && constant->is_null()) {
    return make_literal(Value::null(Type::string()));
  }
  if (constant != nullptr && constant->as_text().size() > kMostPattern) {
    return site.fail("its pattern is too long");
  }
  if (!time) return number_to_char(arguments[0], arguments[1], site);
  // A moment is shown by the session's clock.
  const Type wall = type.id() == TypeId::kTime ? Type::time(6) : Type::timestamp(6);
  DF_ASSIGN_OR_RETURN(arguments[0], coerced(arguments[0], wall, site));
  return make_row_function<Text, int64_t, View>(
      Type::string(), std::move(arguments),
      [](Row& row, std::string& out, int64_t micros, View text) {
        const View unknown = append_time(out, micros, text);
        if (unknown.empty()) return;
        row.fail([&] {
          return "TO_CHAR does not know what its pattern goes on with: '" + std::string(unknown) +
                 "'; text stands in double quotes";
        });
      });
}

}  // namespace

void add_to_char(FunctionList& list) {
  list.push_back({{"TO_CHAR", "TO_CHAR(time, pattern), TO_CHAR(number, pattern)",
                   "As PostgreSQL's patterns show it: YYYY MM DD HH24 MI SS MS US Mon Month Dy Day "
                   "AM Q IW DDD, "
                   "or 9 0 . , FM S MI PR; texts in \"quotes\" stand as they are.",
                   "time"},
                  2,
                  2,
                  bind_to_char});
}

}  // namespace dataflow::expr
