#include "types/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

namespace dataflow {
namespace {

char* put(char* out, std::string_view text) { return std::copy(text.begin(), text.end(), out); }

char* put_integer(char* out, int value) { return std::to_chars(out, out + 12, value).ptr; }

template <class Number>
char* write_number(char* out, Number value) {
  if (std::isnan(value)) return put(out, "NaN");
  if (std::isinf(value)) return put(out, value < 0 ? "-Infinity" : "Infinity");
  const Number size = std::abs(value);
  const bool plain = size == 0 || (size >= Number(1e-3) && size < Number(1e7));
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
