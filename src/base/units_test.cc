#include "base/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace dataflow {
namespace {

using testing::HasSubstr;

TEST(UnitsTest, reads_sizes) {
  EXPECT_EQ(*parse_bytes("0"), 0);
  EXPECT_EQ(*parse_bytes("1048576"), 1048576);
  EXPECT_EQ(*parse_bytes("64MiB"), 64 << 20);
  EXPECT_EQ(*parse_bytes("64 mib"), 64 << 20);
  EXPECT_EQ(*parse_bytes("1KiB"), 1024);
  EXPECT_EQ(*parse_bytes("1kB"), 1000);
  EXPECT_EQ(*parse_bytes("5GB"), 5'000'000'000);
  EXPECT_EQ(*parse_bytes("2TiB"), int64_t{2} << 40);
  EXPECT_EQ(*parse_bytes("7B"), 7);
  EXPECT_EQ(*parse_bytes("-1"), -1);
  EXPECT_EQ(*parse_bytes("9223372036854775807"), std::numeric_limits<int64_t>::max());
}

TEST(UnitsTest, refuses_what_is_no_size) {
  for (const char* text : {"", "MiB", "64M", "64MiBs", "1.5GiB", "-2", "-1KiB",
                           "9223372036854775808", "9000000TiB", "0x10", " 1", "+1"}) {
    EXPECT_EQ(parse_bytes(text).status().code(), StatusCode::kInvalid) << text;
  }
  EXPECT_THAT(parse_bytes("64M").status().message(), HasSubstr("such as 64MiB"));
}

TEST(UnitsTest, reads_durations) {
  EXPECT_EQ(*parse_duration_ms("250ms"), 250);
  EXPECT_EQ(*parse_duration_ms("5s"), 5000);
  EXPECT_EQ(*parse_duration_ms("10m"), 600'000);
  EXPECT_EQ(*parse_duration_ms("2h"), 7'200'000);
  EXPECT_EQ(*parse_duration_ms("7 d"), 604'800'000);
  EXPECT_EQ(*parse_duration_ms("0"), 0);
  EXPECT_EQ(*parse_duration_ms("0s"), 0);
  EXPECT_EQ(*parse_duration_ms("-1"), -1);
  for (const char* text : {"", "5", "5 sec", "-5s", "1us", "99999999999999999d"}) {
    EXPECT_FALSE(parse_duration_ms(text).ok()) << text;
  }
}

TEST(UnitsTest, prints_what_reads_back) {
  EXPECT_EQ(format_bytes(64 << 20), "64MiB");
  EXPECT_EQ(format_bytes(1000), "1000");
  EXPECT_EQ(format_bytes(0), "0");
  EXPECT_EQ(format_bytes(-1), "-1");
  EXPECT_EQ(format_duration_ms(250), "250ms");
  EXPECT_EQ(format_duration_ms(90'000), "90s");
  EXPECT_EQ(format_duration_ms(604'800'000), "7d");
  for (int64_t value : {-1, 0, 1, 999, 1000, 1023, 1024, 60'000, 86'400'000}) {
    EXPECT_EQ(*parse_bytes(format_bytes(value)), value);
    EXPECT_EQ(*parse_duration_ms(format_duration_ms(value)), value);
  }
}

TEST(UnitsTest, reads_numbers_and_bools) {
  EXPECT_EQ(*parse_int("-12"), -12);
  EXPECT_FALSE(parse_int("12x").ok());
  EXPECT_FALSE(parse_int("99999999999999999999").ok());
  EXPECT_DOUBLE_EQ(*parse_double("0.25"), 0.25);
  EXPECT_FALSE(parse_double("nan").ok());
  EXPECT_FALSE(parse_double("inf").ok());
  EXPECT_FALSE(parse_double("1,5").ok());
  EXPECT_TRUE(*parse_bool("Yes"));
  EXPECT_FALSE(*parse_bool("off"));
  EXPECT_FALSE(parse_bool("maybe").ok());
}

TEST(UnitsTest, reads_addresses) {
  EXPECT_EQ(*parse_address("127.0.0.1:9092"), (Address{"127.0.0.1", 9092}));
  EXPECT_EQ(*parse_address("[::1]:0"), (Address{"::1", 0}));
  EXPECT_EQ(parse_address("[::1]:80")->to_string(), "[::1]:80");
  EXPECT_EQ(parse_address("localhost:80")->to_string(), "localhost:80");
  for (const char* text : {"", ":80", "host", "host:", "host:x", "host:-1", "host:80x", "::1:80",
                           "[]:80", "[::1:80", "a b:80", "http://x:80"}) {
    EXPECT_FALSE(parse_address(text).ok()) << text;
  }
  EXPECT_THAT(parse_address("h:65536").status().message(), HasSubstr("65535"));
}

}  // namespace
}  // namespace dataflow
