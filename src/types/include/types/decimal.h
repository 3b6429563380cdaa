// Decimals: 128 bits without their point, and their text.
#pragma once

#include <cstdint>
#include <string_view>

namespace dataflow {

using Int128 = __int128;

inline constexpr int kMaxDecimalPrecision = 38;

// 10 to the power of 0..38.
Int128 power_of_ten(int exponent);
// Whether so many digits suffice.
bool fits_precision(Int128 unscaled, int precision);

// What a text became as DECIMAL(precision, scale).
enum class DecimalParse : uint8_t { kOk, kNotANumber, kTooLarge };
// The text of a number as SQL and JSON write it, "-12.50" or "1.25e3", exactly; digits over the
// scale are rounded half up (away from zero). On anything but kOk `unscaled` is unspecified.
DecimalParse parse_decimal(std::string_view text, int precision, int scale, Int128& unscaled);

// Room for a sign, 39 digits, a leading zero and the point.
inline constexpr size_t kMaxDecimalChars = 48;
// Writes at `out` (room for kMaxDecimalChars) with `scale` digits behind the point and returns the
// position behind it.
char* write_decimal(char* out, Int128 unscaled, int scale);

}  // namespace dataflow
