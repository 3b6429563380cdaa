#include "types/decimal.h"

#include <array>

namespace dataflow {
namespace {

constexpr std::array<Int128, kMaxDecimalPrecision + 1> make_powers() {
  std::array<Int128, kMaxDecimalPrecision + 1> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr auto kPowers = make_powers();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Far over what any exponent can shift into sight, far under overflow.
constexpr int64_t kMaxExponent = 1'000'000'000;

// A number's text taken apart: digits (the point left out) and where the point stands.
struct NumberText {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  int64_t exponent = 0;

  // The digit at the power of ten 10^p.
  int digit(int64_t power) const {
    const int64_t place = power - exponent;  // of the digits as they stand
    if (place >= 0) {
      const auto from_end = static_cast<uint64_t>(place);
      return from_end < whole.size() ? whole[whole.size() - 1 - from_end] - '0' : 0;
    }
    const auto at = static_cast<uint64_t>(-place - 1);
    return at < fraction.size() ? fraction[at] - '0' : 0;
  }
};

bool split(std::string_view text, NumberText& number) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto digits = [&] {
    const char* const begin = at;
    while (at < end && is_digit(*at)) ++at;
    return std::string_view(begin, static_cast<size_t>(at - begin));
  };
  if (at < end && (*at == '-' || *at == '+')) number.negative = *at++ == '-';
  number.whole = digits();
  if (at < end && *at == '.') {
    ++at;
    number.fraction = digits();
  }
  if (number.whole.empty() && number.fraction.empty()) return false;
  if (at < end && (*at == 'e' || *at == 'E')) {
    ++at;
    bool negative = false;
    if (at < end && (*at == '-' || *at == '+')) negative = *at++ == '-';
    const std::string_view exponent = digits();
    if (exponent.empty()) return false;
    for (const char c : exponent) {
      if (number.exponent < kMaxExponent) number.exponent = number.exponent * 10 + (c - '0');
    }
    if (negative) number.exponent = -number.exponent;
  }
  while (!number.whole.empty() && number.whole[0] == '0') number.whole.remove_prefix(1);
  return at == end;
}

}  // namespace

Int128 power_of_ten(int exponent) { return kPowers[static_cast<size_t>(exponent)]; }

bool fits_precision(Int128 unscaled, int precision) {
  const Int128 limit = power_of_ten(precision);
  return unscaled < limit && unscaled > -limit;
}

DecimalParse parse_decimal(std::string_view text, int precision, int scale, Int128& unscaled) {
  NumberText number;
  if (!split(text, number)) return DecimalParse::kNotANumber;
  // The highest digit that may count, from the first one that is not zero.
  int64_t highest = static_cast<int64_t>(number.whole.size()) - 1 + number.exponent;
  if (number.whole.empty()) {
    const size_t zeros = number.fraction.find_first_not_of('0');
    unscaled = 0;
    if (zeros == std::string_view::npos) return DecimalParse::kOk;
    highest = number.exponent - static_cast<int64_t>(zeros) - 1;
  }
  if (highest >= precision - scale) return DecimalParse::kTooLarge;
  Int128 value = 0;
  for (int64_t power = highest; power >= -scale; --power) value = value * 10 + number.digit(power);
  if (number.digit(-scale - 1) >= 5) ++value;
  if (!fits_precision(value, precision)) return DecimalParse::kTooLarge;
  unscaled = number.negative ? -value : value;
  return DecimalParse::kOk;
}

char* write_decimal(char* out, Int128 unscaled, int scale) {
  using Unsigned = unsigned __int128;
  Unsigned left = static_cast<Unsigned>(unscaled);
  if (unscaled < 0) {
    *out++ = '-';
    left = -left;
  }
  char digits[kMaxDecimalChars];
  int count = 0;
  // In 64 bits as soon as it fits: a division of 128 is slow.
  while (left > UINT64_MAX) {
    digits[count++] = static_cast<char>('0' + static_cast<int>(left % 10));
    left /= 10;
  }
  for (auto rest = static_cast<uint64_t>(left); rest != 0; rest /= 10) {
    digits[count++] = static_cast<char>('0' + rest % 10);
  }
  while (count <= scale) digits[count++] = '0';
  while (count > 0) {
    if (count == scale) *out++ = '.';
    *out++ = digits[--count];
  }
  return out;
}

}  // namespace dataflow
