#include "decimal_text.h"

#include <algorithm>
#include <array>

namespace dataflow::expr {

namespace {

constexpr std::array<Int128, kMaxDigits + 1> make_powers() {
  std::array<Int128, kMaxDigits + 1> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<Int128, kMaxDigits + 1> kPowers = make_powers();

}  // namespace

Int128 power_of_ten(int exponent) { return kPowers[static_cast<size_t>(exponent)]; }

int digits_of(Int128 value) {
  if (value < 0) value = -value;
  int digits = 1;
  while (digits <= kMaxDigits && value >= kPowers[static_cast<size_t>(digits)]) ++digits;
  return digits;
}

std::string decimal_text(Int128 unscaled, int scale) {
  bool negative = unscaled < 0;
  auto rest = static_cast<unsigned __int128>(unscaled);
  if (negative) rest = -rest;
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  while (static_cast<int>(digits.size()) <= scale) digits.push_back('0');
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  if (scale > 0) digits.insert(digits.size() - static_cast<size_t>(scale), 1, '.');
  return digits;
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
    if (digits > kMaxDigits || parsed.scale > kMaxDigits) return std::nullopt;
    parsed.unscaled = parsed.unscaled * 10 + (c - '0');
  }
  if (!any) return std::nullopt;
  if (negative) parsed.unscaled = -parsed.unscaled;
  parsed.precision = std::max({digits, parsed.scale, 1});
  return parsed;
}

}  // namespace dataflow::expr
