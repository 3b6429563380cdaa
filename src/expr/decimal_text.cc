#include "decimal_text.h"

#include <algorithm>

namespace dataflow::expr {

int digits_of(Int128 value) {
  if (value < 0) value = -value;
  int digits = 1;
  while (digits <= kMaxDecimalPrecision && value >= power_of_ten(digits)) ++digits;
  return digits;
}

std::string decimal_text(Int128 unscaled, int scale) {
  char text[kMaxDecimalChars];
  return std::string(text, write_decimal(text, unscaled, scale));
}

std::optional<ParsedDecimal> parse_decimal(std::string_view text) {
  ParsedDecimal parsed;
  bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  bool point = false;
  bool any = false;
  int digits = 0;  // that count: behind leading zeros
  for (char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    any = true;
    if (digits > 0 || c != '0') ++digits;
    if (point) ++parsed.scale;
    if (digits > kMaxDecimalPrecision || parsed.scale > kMaxDecimalPrecision) return std::nullopt;
    parsed.unscaled = parsed.unscaled * 10 + (c - '0');
  }
  if (!any) return std::nullopt;
  if (negative) parsed.unscaled = -parsed.unscaled;
  parsed.precision = std::max({digits, parsed.scale, 1});
  return parsed;
}

}  // namespace dataflow::expr
