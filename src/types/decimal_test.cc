#include "types/decimal.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

namespace dataflow {
namespace {

std::string written(Int128 value, int scale) {
  char text[kMaxDecimalChars];
  return std::string(text, write_decimal(text, value, scale));
}

std::string read(std::string_view text, int precision, int scale) {
  Int128 value = 0;
  switch (parse_decimal(text, precision, scale, value)) {
    case DecimalParse::kOk: return written(value, scale);
    case DecimalParse::kNotANumber: return "not a number";
    case DecimalParse::kTooLarge: return "too large";
  }
  return "";
}

TEST(DecimalTest, is_written_plainly) {
  EXPECT_EQ(written(0, 0), "0");
  EXPECT_EQ(written(0, 2), "0.00");
  EXPECT_EQ(written(-5, 2), "-0.05");
  EXPECT_EQ(written(12345, 2), "123.45");
  EXPECT_EQ(written(power_of_ten(38) - 1, 38), "0." + std::string(38, '9'));
  EXPECT_EQ(written(-(power_of_ten(38) - 1), 0), "-" + std::string(38, '9'));
}

TEST(DecimalTest, is_read_exactly_and_rounded_half_up) {
  EXPECT_EQ(read("12.345", 10, 2), "12.35");
  EXPECT_EQ(read("-12.345", 10, 2), "-12.35");
  EXPECT_EQ(read("12.344999", 10, 2), "12.34");
  EXPECT_EQ(read("1.25e3", 10, 1), "1250.0");
  EXPECT_EQ(read("125E-4", 10, 4), "0.0125");
  EXPECT_EQ(read("+.5", 10, 0), "1");
  EXPECT_EQ(read("5.", 10, 0), "5");
  EXPECT_EQ(read("0e999999999999", 10, 0), "0");
  EXPECT_EQ(read("0.000e9", 10, 0), "0");
  EXPECT_EQ(read("1e-999999999999", 10, 2), "0.00");
  EXPECT_EQ(read("0.00000000000000000001e21", 3, 0), "10");
  EXPECT_EQ(read(std::string(38, '9'), 38, 0), std::string(38, '9'));
}

TEST(DecimalTest, refuses_what_does_not_fit_or_is_no_number) {
  EXPECT_EQ(read("100", 2, 0), "too large");
  EXPECT_EQ(read("99.5", 2, 0), "too large");
  EXPECT_EQ(read("1e999999999999", 38, 0), "too large");
  EXPECT_EQ(read("0.1e40", 38, 0), "too large");
  for (const char* text : {"", "-", ".", "e5", "1e", "1e+", "1x", "1.2.3", " 1", "NaN"}) {
    EXPECT_EQ(read(text, 10, 2), "not a number") << text;
  }
}

TEST(DecimalTest, what_is_written_is_read_back) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    const int precision = 1 + static_cast<int>(random() % 38);
    const int scale = static_cast<int>(random() % static_cast<uint64_t>(precision + 1));
    const auto bits = static_cast<unsigned __int128>(random()) << 64 | random();
    const Int128 value = static_cast<Int128>(bits) % power_of_ten(precision);
    ASSERT_TRUE(fits_precision(value, precision));
    Int128 back = 0;
    ASSERT_EQ(parse_decimal(written(value, scale), precision, scale, back), DecimalParse::kOk);
    ASSERT_EQ(written(back, scale), written(value, scale));
  }
}

}  // namespace
}  // namespace dataflow
