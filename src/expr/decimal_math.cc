#include "decimal_math.h"

#include <boost/multiprecision/cpp_int.hpp>
#include <charconv>
#include <cmath>
#include <string>

#include "decimal_text.h"

namespace dataflow::expr {

namespace {

using Wide = boost::multiprecision::cpp_int;
using Int128 = Value::Int128;

Wide wide_power(int exponent) {
  Wide power = 1;
  for (; exponent > kMaxDecimalPrecision; exponent -= kMaxDecimalPrecision)
    power *= Wide(power_of_ten(kMaxDecimalPrecision));
  return power * Wide(power_of_ten(exponent));
}

std::optional<Int128> fitted(const Wide& value, int precision) {
  if (abs(value) >= Wide(power_of_ten(precision))) return std::nullopt;
  return static_cast<Int128>(value);
}

std::optional<Int128> fitted(Int128 value, int precision) {
  Int128 limit = power_of_ten(precision);
  if (value >= limit || value <= -limit) return std::nullopt;
  return value;
}

// Half up: away from zero at exactly one half.
Wide divide_rounded(const Wide& value, const Wide& by) {
  Wide quotient;
  Wide remainder;
  boost::multiprecision::divide_qr(value, by, quotient, remainder);
  if (abs(remainder) * 2 >= abs(by)) quotient += (value < 0) != (by < 0) ? -1 : 1;
  return quotient;
}

Wide rescaled(const Wide& value, int from, int to) {
  if (to >= from) return value * wide_power(to - from);
  return divide_rounded(value, wide_power(from - to));
}

// In 128 bits, if it fits there.
bool scaled_up(Int128 value, int by, Int128& out) {
  return by >= 0 && by <= kMaxDecimalPrecision &&
         !__builtin_mul_overflow(value, power_of_ten(by), &out);
}

}  // namespace

std::optional<Int128> decimal_add(DecimalValue a, DecimalValue b, const Type& result) {
  Int128 left;
  Int128 right;
  Int128 sum;
  if (scaled_up(a.unscaled, result.scale() - a.scale, left) &&
      scaled_up(b.unscaled, result.scale() - b.scale, right) &&
      !__builtin_add_overflow(left, right, &sum)) {
    return fitted(sum, result.precision());
  }
  int scale = std::max(a.scale, b.scale);
  Wide exact = rescaled(a.unscaled, a.scale, scale) + rescaled(b.unscaled, b.scale, scale);
  return fitted(rescaled(exact, scale, result.scale()), result.precision());
}

std::optional<Int128> decimal_multiply(DecimalValue a, DecimalValue b, const Type& result) {
  Int128 product;
  if (result.scale() == a.scale + b.scale &&
      !__builtin_mul_overflow(a.unscaled, b.unscaled, &product)) {
    return fitted(product, result.precision());
  }
  Wide exact = Wide(a.unscaled) * Wide(b.unscaled);
  return fitted(rescaled(exact, a.scale + b.scale, result.scale()), result.precision());
}

std::optional<Int128> decimal_divide(DecimalValue a, DecimalValue b, const Type& result) {
  int shift = result.scale() + b.scale - a.scale;
  Wide numerator = a.unscaled;
  Wide denominator = b.unscaled;
  (shift >= 0 ? numerator : denominator) *= wide_power(std::abs(shift));
  return fitted(divide_rounded(numerator, denominator), result.precision());
}

std::optional<Int128> decimal_modulo(DecimalValue a, DecimalValue b, const Type& result) {
  int scale = std::max(a.scale, b.scale);
  Wide left = rescaled(a.unscaled, a.scale, scale);
  Wide remainder = left % rescaled(b.unscaled, b.scale, scale);
  return fitted(rescaled(remainder, scale, result.scale()), result.precision());
}

std::optional<Int128> decimal_to(DecimalValue value, const Type& result) {
  int up = result.scale() - value.scale;
  if (up == 0) return fitted(value.unscaled, result.precision());
  if (up > 0) {
    Int128 scaled;
    if (!scaled_up(value.unscaled, up, scaled)) return std::nullopt;
    return fitted(scaled, result.precision());
  }
  Int128 power = power_of_ten(-up);
  Int128 quotient = value.unscaled / power;
  Int128 remainder = value.unscaled % power;
  if (remainder < 0) remainder = -remainder;
  if (remainder >= power - remainder) quotient += value.unscaled < 0 ? -1 : 1;
  return fitted(quotient, result.precision());
}

Int128 decimal_whole(DecimalValue value) { return value.unscaled / power_of_ten(value.scale); }

Int128 decimal_floor(DecimalValue value) {
  Int128 power = power_of_ten(value.scale);
  return value.unscaled / power - (value.unscaled % power < 0 ? 1 : 0);
}

Int128 decimal_ceil(DecimalValue value) {
  Int128 power = power_of_ten(value.scale);
  return value.unscaled / power + (value.unscaled % power > 0 ? 1 : 0);
}

std::strong_ordering decimal_compare(DecimalValue a, DecimalValue b) {
  if (a.scale == b.scale) return a.unscaled <=> b.unscaled;
  Int128 a_power = power_of_ten(a.scale);
  Int128 b_power = power_of_ten(b.scale);
  if (auto whole = a.unscaled / a_power <=> b.unscaled / b_power; whole != 0) return whole;
  // A fraction has no more digits than its scale: at the larger one it still fits.
  int scale = std::max(a.scale, b.scale);
  return a.unscaled % a_power * power_of_ten(scale - a.scale) <=>
         b.unscaled % b_power * power_of_ten(scale - b.scale);
}

double decimal_to_double(DecimalValue value) {
  // By way of text, which rounds once.
  std::string text = decimal_text(value.unscaled, value.scale);
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::optional<Int128> double_to_decimal(double value, const Type& result) {
  if (!std::isfinite(value) || std::abs(value) >= 1e38) return std::nullopt;
  char raw[400];
  auto end = std::to_chars(raw, raw + sizeof raw, value, std::chars_format::fixed).ptr;
  std::string_view text(raw, static_cast<size_t>(end - raw));
  // What lies behind the 38th digit cannot change the result unless it has as many digits itself.
  size_t point = text.find('.');
  if (point != std::string_view::npos) {
    size_t leading = text.find_first_not_of("-0.");
    if (leading == std::string_view::npos) return 0;
    size_t fraction = std::min<size_t>(text.size() - point - 1, kMaxDecimalPrecision);
    if (leading < point) fraction = std::min(fraction, kMaxDecimalPrecision - (point - leading));
    text = text.substr(0, point + 1 + fraction);
  }
  auto parsed = parse_decimal(text);
  if (!parsed) return std::nullopt;
  return decimal_to({parsed->unscaled, parsed->scale}, result);
}

}  // namespace dataflow::expr
