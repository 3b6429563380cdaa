#include "expr/interval_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "base/lower_case.h"
#include "types/temporal.h"
#include "types/type.h"

namespace dataflow::expr {
namespace {

bool add_product(int64_t amount, int64_t unit, int64_t& sum) {
  int64_t product = 0;
  return !__builtin_mul_overflow(amount, unit, &product) &&
         !__builtin_add_overflow(sum, product, &sum);
}

bool add_amount(double amount, std::string_view unit, IntervalText& out) {
  if (!std::isfinite(amount) || std::fabs(amount) > 1e15) return false;
  if (unit.size() > 1 && unit.ends_with('s')) unit.remove_suffix(1);
  const auto whole = static_cast<int64_t>(amount);
  if (unit == "year" || unit == "y" || unit == "yr") return add_product(whole, 12, out.months);
  if (unit == "mon" || unit == "month") return add_product(whole, 1, out.months);
  double unit_ms = 0;
  if (unit == "week" || unit == "w") unit_ms = 7.0 * kMillisPerDay;
  if (unit == "day" || unit == "d") unit_ms = kMillisPerDay;
  if (unit == "hour" || unit == "h") unit_ms = 3'600'000;
  if (unit == "minute" || unit == "min" || unit == "m") unit_ms = 60'000;
  if (unit == "second" || unit == "sec" || unit == "s") unit_ms = 1'000;
  if (unit == "millisecond" || unit == "msec" || unit == "ms") unit_ms = 1;
  if (unit == "microsecond" || unit == "usec" || unit == "us") unit_ms = 0.001;
  const double ms = std::round(amount * unit_ms);
  return unit_ms != 0 && std::fabs(ms) < 9e18 &&
         add_product(static_cast<int64_t>(ms), 1, out.millis);
}

// Hours without an end: "-100:05:06.7".
bool add_clock(std::string_view word, IntervalText& out) {
  const bool negative = word.starts_with('-');
  if (negative || word.starts_with('+')) word.remove_prefix(1);
  const size_t colon = word.find(':');
  int64_t hours = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + colon, hours);
  int64_t rest = 0;
  if (error != std::errc() || end != word.data() + colon || hours < 0 ||
      !parse_time("00" + std::string(word.substr(colon)), Type::time(3), rest)) {
    return false;
  }
  int64_t millis = rest;
  return add_product(hours, 3'600'000, millis) &&
         add_product(millis, negative ? -1 : 1, out.millis);
}

}  // namespace

bool read_interval_text(std::string_view text, IntervalText& out) {
  constexpr std::string_view kBetween = " ,@\t";
  bool any = false;
  while (true) {
    const size_t from = text.find_first_not_of(kBetween);
    if (from == std::string_view::npos) return any;
    text.remove_prefix(from);
    const std::string_view word = text.substr(0, text.find_first_of(kBetween));
    if (word.find(':') != std::string_view::npos) {
      if (!add_clock(word, out)) return false;
      text.remove_prefix(word.size());
    } else {
      double amount = 0;
      const std::string_view digits = text.substr(text.starts_with('+') ? 1 : 0);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(),
                                                amount, std::chars_format::fixed);
      if (error != std::errc()) return false;
      text = digits.substr(static_cast<size_t>(end - digits.data()));
      text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
      const std::string unit = lower_case(text.substr(0, text.find_first_of(" ,@\t0123456789+-")));
      if (!add_amount(amount, unit, out)) return false;
      text.remove_prefix(unit.size());
    }
    any = true;
  }
}

}  // namespace dataflow::expr
