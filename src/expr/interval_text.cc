#include "expr/interval_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "base/lower_case.h"
#include "types/temporal.h"
#include "types/type.h"

namespace dataflow::expr {
namespace {

constexpr std::string_view kBetween = " ,@\t";
// PostgreSQL counts months in 32 bits, and time by microseconds in 64.
constexpr double kMostMonths = 2147483647;
constexpr double kMostMicros = 9.2e18;

// What was read so far.
struct Sum {
  int64_t months = 0;
  int64_t micros = 0;
  bool has_months = false;
  bool has_micros = false;
};

constexpr double kMicrosPerDay = 1000.0 * kMillisPerDay;

// Of months or of microseconds. Those of several letters are taken with an s behind them too.
struct Unit {
  std::string_view name;
  double months;
  double micros;
};

constexpr std::array kUnits = {
    Unit{"y", 12, 0},
    Unit{"yr", 12, 0},
    Unit{"year", 12, 0},
    Unit{"quarter", 3, 0},
    Unit{"mon", 1, 0},
    Unit{"month", 1, 0},
    Unit{"w", 0, 7 * kMicrosPerDay},
    Unit{"week", 0, 7 * kMicrosPerDay},
    Unit{"d", 0, kMicrosPerDay},
    Unit{"day", 0, kMicrosPerDay},
    Unit{"h", 0, 3'600'000'000.0},
    Unit{"hr", 0, 3'600'000'000.0},
    Unit{"hour", 0, 3'600'000'000.0},
    Unit{"m", 0, 60'000'000},
    Unit{"min", 0, 60'000'000},
    Unit{"minute", 0, 60'000'000},
    Unit{"s", 0, 1'000'000},
    Unit{"sec", 0, 1'000'000},
    Unit{"second", 0, 1'000'000},
    Unit{"ms", 0, 1'000},
    Unit{"msec", 0, 1'000},
    Unit{"millisecond", 0, 1'000},
    Unit{"us", 0, 1},
    Unit{"usec", 0, 1},
    Unit{"microsecond", 0, 1},
};

bool add(double amount, double most, int64_t& sum) {
  const double rounded = std::round(amount);
  return std::fabs(rounded) <= most &&
         !__builtin_add_overflow(sum, static_cast<int64_t>(rounded), &sum) && sum > INT64_MIN;
}

bool add_amount(double amount, std::string_view name, Sum& out) {
  const auto find = [&] {
    return std::ranges::find_if(kUnits, [&](const Unit& unit) { return unit.name == name; });
  };
  const auto* unit = find();
  if (unit == kUnits.end() && name.size() > 2 && name.ends_with('s')) {
    name.remove_suffix(1);
    unit = find();
  }
  if (unit == kUnits.end() || !std::isfinite(amount)) return false;
  if (unit->micros > 0) {
    out.has_micros = true;
    return add(amount * unit->micros, kMostMicros, out.micros);
  }
  out.has_months = true;
  const double months = amount * unit->months;
  // How long a part of a month is nobody can say.
  return std::fabs(months - std::round(months)) < 1e-9 && add(months, kMostMonths, out.months);
}

// "-100:05:06.7"
bool add_clock(std::string_view word, Sum& out) {
  const bool negative = word.starts_with('-');
  if (negative || word.starts_with('+')) word.remove_prefix(1);
  const size_t colon = word.find(':');
  int64_t hours = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + colon, hours);
  int64_t micros = 0;
  if (error != std::errc() || end != word.data() + colon || hours < 0 ||
      !parse_time("00" + std::string(word.substr(colon)), Type::time(6), micros) ||
      __builtin_mul_overflow(hours, int64_t{3'600'000'000}, &hours) ||
      __builtin_add_overflow(micros, hours, &micros)) {
    return false;
  }
  out.has_micros = true;
  return !__builtin_add_overflow(out.micros, negative ? -micros : micros, &out.micros) &&
         out.micros > INT64_MIN;
}

// A number and its unit; moves `text` behind them.
bool take_amount(std::string_view& text, Sum& out) {
  double amount = 0;
  const std::string_view digits = text.substr(text.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), amount,
                                            std::chars_format::fixed);
  if (error != std::errc()) return false;
  text = digits.substr(static_cast<size_t>(end - digits.data()));
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string name = lower_case(text.substr(0, text.find_first_of(" ,@\t0123456789+-")));
  text.remove_prefix(name.size());
  return add_amount(amount, name, out);
}

IntervalParts parts_of(const Sum& sum, int64_t sign) {
  const double millis = std::round(static_cast<double>(sum.micros) / 1000);
  return {sign * sum.months, sign * static_cast<int64_t>(millis), sum.has_months, sum.has_micros};
}

}  // namespace

std::optional<IntervalParts> parse_interval_text(std::string_view text) {
  Sum sum;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kBetween), text.size()));
    const bool any = sum.has_months || sum.has_micros;
    if (text.empty()) return any ? std::optional(parts_of(sum, 1)) : std::nullopt;
    const std::string_view word = text.substr(0, text.find_first_of(kBetween));
    if (any && word.size() == text.size() && lower_case(word) == "ago") return parts_of(sum, -1);
    if (word.find(':') == std::string_view::npos) {
      if (!take_amount(text, sum)) return std::nullopt;
    } else {
      if (!add_clock(word, sum)) return std::nullopt;
      text.remove_prefix(word.size());
    }
  }
}

}  // namespace dataflow::expr
