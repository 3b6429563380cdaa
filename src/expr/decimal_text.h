// Decimals as expressions write and read them, over types/decimal.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "types/decimal.h"

namespace dataflow::expr {

// How many decimal digits it has; 1 for 0.
int digits_of(Int128 value);

std::string decimal_text(Int128 unscaled, int scale);

// A number as SQL writes it: digits with at most one point, without exponent. Nothing if it has
// more than 38 digits.
struct ParsedDecimal {
  Int128 unscaled = 0;
  int precision = 1;  // digits as written, leading zeros of the whole part left out
  int scale = 0;
};
std::optional<ParsedDecimal> parse_decimal(std::string_view text);

}  // namespace dataflow::expr
