#include "types/temporal.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace dataflow {
namespace {

constexpr auto kFixed = FractionStyle::kFixed;
constexpr auto kTrimmed = FractionStyle::kTrimmed;

std::string date_text(int64_t days) {
  char text[kMaxTemporalChars];
  return std::string(text, write_date(text, days));
}
std::string timestamp_text(const Type& type, int64_t value, TimestampStyle style,
                           FractionStyle fraction) {
  char text[kMaxTemporalChars];
  return std::string(text, write_timestamp(text, type, value, style, fraction));
}

TEST(TemporalTest, the_calendar_agrees_with_itself_day_by_day) {
  CivilDate date{1599, 12, 31};
  for (int64_t days = days_from_civil(1600, 1, 1); days < days_from_civil(2401, 1, 1); ++days) {
    if (++date.day > days_in_month(date.year, date.month)) {
      date.day = 1;
      if (++date.month > 12) date = {date.year + 1, 1, 1};
    }
    const CivilDate found = civil_from_days(days);
    ASSERT_EQ(found.year, date.year);
    ASSERT_EQ(found.month, date.month);
    ASSERT_EQ(found.day, date.day);
    ASSERT_EQ(days_from_civil(date.year, date.month, date.day), days);
  }
  EXPECT_EQ(days_from_civil(1970, 1, 1), 0);
  EXPECT_EQ(days_from_civil(2026, 1, 31), 20484);
}

TEST(TemporalTest, dates_are_read_and_written) {
  EXPECT_EQ(date_text(0), "1970-01-01");
  EXPECT_EQ(date_text(-1), "1969-12-31");
  EXPECT_EQ(date_text(days_from_civil(-44, 3, 15)), "-0044-03-15");
  EXPECT_EQ(date_text(days_from_civil(12345, 6, 7)), "+12345-06-07");
  int64_t days = 0;
  for (const int64_t wanted : {0LL, -1LL, 20484LL, -2147483648LL, 2147483647LL}) {
    ASSERT_TRUE(parse_date(date_text(wanted), days)) << date_text(wanted);
    EXPECT_EQ(days, wanted);
  }
  for (const char* text : {"", "2026", "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00",
                           "2026-1-1", "2026-01-01x", "26-01-01", "20260101", "+-001-01-01"}) {
    EXPECT_FALSE(parse_date(text, days)) << text;
  }
  EXPECT_TRUE(parse_date("2024-02-29", days));
}

TEST(TemporalTest, times_are_read_in_units_of_their_type) {
  int64_t value = 0;
  ASSERT_TRUE(parse_time("23:59:59.123456789", Type::time(3), value));
  EXPECT_EQ(value, 86'399'123);
  ASSERT_TRUE(parse_time("23:59:59.123456789", Type::time(6), value));
  EXPECT_EQ(value, 86'399'123'456);
  ASSERT_TRUE(parse_time("01:02", Type::time(0), value));
  EXPECT_EQ(value, 3'720'000);
  for (const char* text : {"", "24:00:00", "12:60:00", "12:00:60", "12:00:00.", "12:00:0", "1:00",
                           "12:00:00.1234567890", "12:00:00Z"}) {
    EXPECT_FALSE(parse_time(text, Type::time(3), value)) << text;
  }
}

TEST(TemporalTest, timestamps_are_read_in_both_styles_and_with_zones) {
  const Type ms = Type::timestamp_tz(3);
  const int64_t wanted = 1'769'860'800'123;
  int64_t value = 0;
  for (const char* text :
       {"2026-01-31 12:00:00.123", "2026-01-31T12:00:00.123Z", "2026-01-31T14:00:00.123+02:00",
        "2026-01-31 06:30:00.123-0530", "2026-01-31T13:00:00.1239+01"}) {
    ASSERT_TRUE(parse_timestamp(text, ms, value)) << text;
    EXPECT_EQ(value, wanted) << text;
  }
  ASSERT_TRUE(parse_timestamp("2026-01-31", ms, value));
  EXPECT_EQ(value, wanted - 43'200'123);
  ASSERT_TRUE(parse_timestamp("2026-01-31 12:00:00.123456", Type::timestamp(6), value));
  EXPECT_EQ(value, wanted * 1000 + 456);
  for (const char* text : {"", "2026-01-31T", "2026-01-31 12", "2026-01-31_12:00:00",
                           "2026-01-31T12:00:00+", "2026-01-31T12:00:00+2", "2026-01-31T12:00:00Zx",
                           "2026-01-31T12:00:00+02:", "+999999999-01-01 00:00:00x"}) {
    EXPECT_FALSE(parse_timestamp(text, ms, value)) << text;
  }
  const unsigned only_iso = 1u << static_cast<unsigned>(TimestampStyle::kIso);
  EXPECT_FALSE(parse_timestamp("2026-01-31 12:00:00", ms, value, only_iso));
  EXPECT_TRUE(parse_timestamp("2026-01-31T12:00:00", ms, value, only_iso));
}

TEST(TemporalTest, timestamps_are_written_in_both_styles) {
  const Type ms = Type::timestamp(3);
  const Type tz = Type::timestamp_tz(6);
  EXPECT_EQ(timestamp_text(ms, 1'769'860'800'120, TimestampStyle::kSql, kFixed),
            "2026-01-31 12:00:00.120");
  EXPECT_EQ(timestamp_text(ms, 1'769'860'800'120, TimestampStyle::kIso, kTrimmed),
            "2026-01-31T12:00:00.12");
  EXPECT_EQ(timestamp_text(ms, 1'769'860'800'000, TimestampStyle::kIso, kTrimmed),
            "2026-01-31T12:00:00");
  EXPECT_EQ(timestamp_text(tz, -1, TimestampStyle::kSql, kFixed), "1969-12-31 23:59:59.999999Z");
  EXPECT_EQ(timestamp_text(Type::timestamp(0), 5, TimestampStyle::kSql, kFixed),
            "1970-01-01 00:00:00");
}

TEST(TemporalTest, the_ends_of_64_bits_are_written_and_read) {
  int64_t value = 0;
  for (const Type& type : {Type::timestamp(3), Type::timestamp_tz(6)}) {
    for (const int64_t wanted :
         {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min() + 86'400'000'000,
          int64_t{0}, int64_t{-1}}) {
      const std::string text = timestamp_text(type, wanted, TimestampStyle::kSql, kTrimmed);
      ASSERT_LE(text.size(), kMaxTemporalChars);
      ASSERT_TRUE(parse_timestamp(text, type, value)) << text;
      EXPECT_EQ(value, wanted) << text;
    }
    EXPECT_LE(
        timestamp_text(type, std::numeric_limits<int64_t>::min(), TimestampStyle::kSql, kFixed)
            .size(),
        kMaxTemporalChars);
  }
}

}  // namespace
}  // namespace dataflow
