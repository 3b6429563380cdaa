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
constexpr double kMostMillis = 9.2e15;

// Of months or of milliseconds. Those of several letters are taken with an s behind them too.
struct Unit {
  std::string_view name;
  double months;
  double millis;
};

constexpr std::array kUnits = {
    Unit{"y", 12, 0},
    Unit{"yr", 12, 0},
    Unit{"year", 12, 0},
    Unit{"quarter", 3, 0},
    Unit{"mon", 1, 0},
    Unit{"month", 1, 0},
    Unit{"w", 0, 7 * kMillisPerDay},
    Unit{"week", 0, 7 * kMillisPerDay},
    Unit{"d", 0, kMillisPerDay},
    Unit{"day", 0, kMillisPerDay},
    Unit{"h", 0, 3'600'000},
    Unit{"hr", 0, 3'600'000},
    Unit{"hour", 0, 3'600'000},
    Unit{"m", 0, 60'000},
    Unit{"min", 0, 60'000},
    Unit{"minute", 0, 60'000},
    Unit{"s", 0, 1'000},
    Unit{"sec", 0, 1'000},
    Unit{"second", 0, 1'000},
    Unit{"ms", 0, 1},
    Unit{"msec", 0, 1},
    Unit{"millisecond", 0, 1},
    Unit{"us", 0, 0.001},
    Unit{"usec", 0, 0.001},
    Unit{"microsecond", 0, 0.001},
};

bool add(double amount, double most, int64_t& sum) {
  const double rounded = std::round(amount);
  return std::fabs(rounded) <= most &&
         !__builtin_add_overflow(sum, static_cast<int64_t>(rounded), &sum) && sum > INT64_MIN;
}

bool add_amount(double amount, std::string_view name, IntervalParts& out) {
  const auto find = [&] {
    return std::ranges::find_if(kUnits, [&](const Unit& unit) { return unit.name == name; });
  };
  const auto* unit = find();
  if (unit == kUnits.end() && name.size() > 2 && name.ends_with('s')) {
    name.remove_suffix(1);
    unit = find();
  }
  if (unit == kUnits.end() || !std::isfinite(amount)) return false;
  out.has_months |= unit->months > 0;
  out.has_millis |= unit->millis > 0;
  return unit->months > 0 ? add(amount * unit->months, kMostMonths, out.months)
                          : add(amount * unit->millis, kMostMillis, out.millis);
}

// "-100:05:06.7"
bool add_clock(std::string_view word, IntervalParts& out) {
  const bool negative = word.starts_with('-');
  if (negative || word.starts_with('+')) word.remove_prefix(1);
  const size_t colon = word.find(':');
  int64_t hours = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + colon, hours);
  int64_t millis = 0;
  if (error != std::errc() || end != word.data() + colon || hours < 0 ||
      !parse_time("00" + std::string(word.substr(colon)), Type::time(3), millis) ||
      __builtin_mul_overflow(hours, int64_t{3'600'000}, &hours) ||
      __builtin_add_overflow(millis, hours, &millis)) {
    return false;
  }
  out.has_millis = true;
  return !__builtin_add_overflow(out.millis, negative ? -millis : millis, &out.millis);
}

// A number and its unit; moves `text` behind them.
bool take_amount(std::string_view& text, IntervalParts& out) {
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

}  // namespace

std::optional<IntervalParts> parse_interval_text(std::string_view text) {
  IntervalParts sum;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kBetween), text.size()));
    const bool any = sum.has_months || sum.has_millis;
    if (text.empty()) return any ? std::optional(sum) : std::nullopt;
    const std::string_view word = text.substr(0, text.find_first_of(kBetween));
    if (any && word.size() == text.size() && lower_case(word) == "ago") {
      sum.months = -sum.months;
      sum.millis = -sum.millis;
      return sum;
    }
    if (word.find(':') == std::string_view::npos) {
      if (!take_amount(text, sum)) return std::nullopt;
    } else {
      if (!add_clock(word, sum)) return std::nullopt;
      text.remove_prefix(word.size());
    }
  }
}

}  // namespace dataflow::expr
