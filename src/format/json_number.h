// A number of a JSON text, read in one pass over its characters.
#pragma once

#include <cstdint>

namespace dataflow::format {

struct JsonNumber {
  const char* end = nullptr;  // behind its last character
  int64_t digits = 0;         // with its sign and without its point
  int fraction = 0;           // how many digits stand behind the point
  bool negative = false;
  bool exact = false;  // at most 18 digits and no exponent: digits and fraction hold it all
};

// False if there is no number, as RFC 8259 writes them, or it does not end before `end`.
inline bool read_json_number(const char* at, const char* end, JsonNumber& number) {
  const auto is_digit = [](char c) { return static_cast<unsigned char>(c - '0') < 10; };
  number.negative = *at == '-';
  if (number.negative) ++at;
  const char* const first = at;
  uint64_t sum = 0;
  while (at < end && is_digit(*at)) sum = sum * 10 + static_cast<unsigned>(*at++ - '0');
  auto count = at - first;
  if (count == 0 || (*first == '0' && count > 1)) return false;
  number.fraction = 0;
  if (at < end && *at == '.') {
    const char* const behind = ++at;
    while (at < end && is_digit(*at)) sum = sum * 10 + static_cast<unsigned>(*at++ - '0');
    if (at == behind) return false;
    number.fraction = static_cast<int>(at - behind);
    count += at - behind;
  }
  number.exact = count <= 18;
  if (at < end && (*at == 'e' || *at == 'E')) {
    number.exact = false;
    ++at;
    if (at < end && (*at == '+' || *at == '-')) ++at;
    const char* const power = at;
    while (at < end && is_digit(*at)) ++at;
    if (at == power) return false;
  }
  number.end = at;
  number.digits = static_cast<int64_t>(number.negative ? 0 - sum : sum);
  return true;
}

// The nearest double, if that is sure without more thought: both numbers are exact doubles then,
// and division rounds once.
inline bool exact_double(const JsonNumber& number, double& value) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                       1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
  constexpr int64_t kLimit = int64_t{1} << 53;
  if (!number.exact || number.digits > kLimit || number.digits < -kLimit) return false;
  value = static_cast<double>(number.digits) / kPowers[number.fraction];
  if (number.digits == 0 && number.negative) value = -0.0;
  return true;
}

}  // namespace dataflow::format
