// Division that rounds down, and what is left then: of numbers below zero too, as calendars and
// windows need it. The divisor is not zero.
#pragma once

#include <cstdint>

namespace dataflow {

constexpr int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}
constexpr int64_t floor_mod(int64_t a, int64_t b) { return a - floor_div(a, b) * b; }

}  // namespace dataflow
