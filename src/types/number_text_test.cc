#include "types/number_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace dataflow {
namespace {

std::string of_double(double value) {
  char text[kMaxJavaNumberChars];
  return std::string(text, write_java_double(text, value));
}
std::string of_float(float value) {
  char text[kMaxJavaNumberChars];
  return std::string(text, write_java_float(text, value));
}
std::string of_decimal(Int128 unscaled, int scale, bool stripped) {
  char text[kMaxJavaNumberChars];
  return std::string(text, write_java_decimal(text, unscaled, scale, stripped));
}

// Each text is what Flink wrote.
TEST(NumberTextTest, floats_are_written_as_java_does) {
  EXPECT_EQ(of_double(2), "2.0");
  EXPECT_EQ(of_double(-0.0), "-0.0");
  EXPECT_EQ(of_double(0.1), "0.1");
  EXPECT_EQ(of_double(1e10), "1.0E10");
  EXPECT_EQ(of_double(4611686018427387904.0), "4.6116860184273879E18");
  EXPECT_EQ(of_double(9223372036854775808.0), "9.223372036854776E18");
  EXPECT_EQ(of_double(4.9e-324), "4.9E-324");
  EXPECT_EQ(of_double(1e-5), "1.0E-5");
  EXPECT_EQ(of_double(123456789.125), "1.23456789125E8");
  EXPECT_EQ(of_double(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(of_double(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(of_double(std::numeric_limits<double>::lowest()), "-1.7976931348623157E308");
  EXPECT_EQ(of_float(123456.789f), "123456.79");
  EXPECT_EQ(of_float(0.001f), "0.001");
}

TEST(NumberTextTest, decimals_are_written_as_java_does) {
  EXPECT_EQ(of_decimal(12300, 3, true), "12.3");
  EXPECT_EQ(of_decimal(12300, 3, false), "12.300");
  EXPECT_EQ(of_decimal(100, 0, true), "1E+2");
  EXPECT_EQ(of_decimal(100, 0, false), "100");
  EXPECT_EQ(of_decimal(-10, 0, true), "-1E+1");
  EXPECT_EQ(of_decimal(1234567890, 0, true), "1.23456789E+9");
  EXPECT_EQ(of_decimal(0, 12, true), "0");
  EXPECT_EQ(of_decimal(0, 12, false), "0E-12");
  EXPECT_EQ(of_decimal(1, 12, false), "1E-12");
  EXPECT_EQ(of_decimal(100000, 12, false), "1.00000E-7");
  EXPECT_EQ(of_decimal(100000, 12, true), "1E-7");
  EXPECT_EQ(of_decimal(-1, 3, true), "-0.001");
}

}  // namespace
}  // namespace dataflow
