// Numbers as Java writes them, which is how Flink's files and casts have them.
#pragma once

#include <cstddef>

#include "types/decimal.h"

namespace dataflow {

// Room for any of them.
inline constexpr size_t kMaxJavaNumberChars = 64;

// "0.1", "2.0", "1.0E10", "-Infinity": the fewest digits that read back (whole numbers beyond the
// mantissa have more, as Java before 19 gives them), a point always, an exponent from 10^7 on and
// below 10^-3. Returns the position behind it.
char* write_java_double(char* out, double value);
char* write_java_float(char* out, float value);

// BigDecimal's text: with an exponent where the scale is negative or the number far below 1
// ("1E-12"). `stripped`: without zeros at its end, so that 100 is "1E+2" and 1.50 is "1.5".
char* write_java_decimal(char* out, Int128 unscaled, int scale, bool stripped);

}  // namespace dataflow
