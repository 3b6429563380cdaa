#include "types/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

namespace dataflow {
namespace {

char* put(char* out, std::string_view text) { return std::copy(text.begin(), text.end(), out); }

char* put_integer(char* out, int value) { return std::to_chars(out, out + 12, value).ptr; }

// Java before 19 writes whole numbers by another rule than others: as an integer, whose last digits
// are rounded away as far as the bits behind the mantissa tell nothing of them. 0: another number.
template <class Number>
uint64_t rounded_whole(Number size, int& zeros) {
  int exponent = 0;
  std::frexp(size, &exponent);  // of a number from 0.5 to 1
  constexpr int kBits = std::numeric_limits<Number>::digits;
  if (exponent < 1 || exponent > 63 || size != std::floor(size)) return 0;
  const int unknown = exponent - 1 - kBits - 1;
  zeros = unknown > 1 ? unknown * 30103 / 100000 : 0;
  uint64_t power = 1;
  for (int i = 0; i < zeros; ++i) power *= 10;
  const auto whole = static_cast<uint64_t>(size);
  return whole / power + (whole % power >= power / 2 && power > 1 ? 1 : 0);
}

// The digits of a whole number of so many zeros behind it, with an exponent.
char* put_whole(char* out, uint64_t whole, int power) {
  char text[24] = {};
  const char* const end = std::to_chars(text, text + sizeof text, whole).ptr;
  std::string_view digits(text, static_cast<size_t>(end - text));
  power += static_cast<int>(digits.size()) - 1;
  digits = digits.substr(0, digits.find_last_not_of('0') + 1);
  *out++ = digits[0];
  *out++ = '.';
  out = put(out, digits.size() > 1 ? digits.substr(1) : "0");
  *out++ = 'E';
  return put_integer(out, power);
}

template <class Number>
char* write_number(char* out, Number value) {
  if (std::isnan(value)) return put(out, "NaN");
  if (std::isinf(value)) return put(out, value < 0 ? "-Infinity" : "Infinity");
  const Number size = std::abs(value);
  const bool plain = size == 0 || (size >= Number(1e-3) && size < Number(1e7));
  int zeros = 0;
  if (const uint64_t whole = plain ? 0 : rounded_whole(size, zeros); whole != 0) {
    if (value < 0) *out++ = '-';
    return put_whole(out, whole, zeros);
  }
  if (size == std::numeric_limits<Number>::denorm_min() && sizeof(Number) == sizeof(double)) {
    return put(out, value < 0 ? "-4.9E-324" : "4.9E-324");
  }
  char text[kMaxJavaNumberChars];
  const char* const end =
      std::to_chars(text, text + sizeof text, value,
                    plain ? std::chars_format::fixed : std::chars_format::scientific)
          .ptr;
  const std::string_view digits(text, static_cast<size_t>(end - text));
  const size_t exponent = std::min(digits.find('e'), digits.size());
  out = put(out, digits.substr(0, exponent));
  if (digits.substr(0, exponent).find('.') == std::string_view::npos) out = put(out, ".0");
  if (exponent == digits.size()) return out;
  int power = 0;
  const char* const from = text + exponent + (text[exponent + 1] == '+' ? 2 : 1);
  std::from_chars(from, end, power);
  *out++ = 'E';
  return put_integer(out, power);
}

}  // namespace

char* write_java_double(char* out, double value) { return write_number(out, value); }
char* write_java_float(char* out, float value) { return write_number(out, value); }

char* write_java_decimal(char* out, Int128 unscaled, int scale, bool stripped) {
  if (stripped) {
    if (unscaled == 0) return put(out, "0");
    for (; unscaled % 10 == 0; unscaled /= 10) --scale;
  }
  if (unscaled < 0) *out++ = '-';
  char text[kMaxDecimalChars];
  char* const end = write_decimal(text, unscaled < 0 ? -unscaled : unscaled, 0);
  const std::string_view digits(text, static_cast<size_t>(end - text));
  // The power of ten of the first digit.
  const int power = static_cast<int>(digits.size()) - 1 - scale;
  if (scale >= 0 && power >= -6) {
    return write_decimal(out, unscaled < 0 ? -unscaled : unscaled, scale);
  }
  *out++ = digits[0];
  if (digits.size() > 1) {
    *out++ = '.';
    out = put(out, digits.substr(1));
  }
  if (power == 0) return out;
  *out++ = 'E';
  if (power > 0) *out++ = '+';
  return put_integer(out, power);
}

}  // namespace dataflow
