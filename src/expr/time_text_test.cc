// Times and their texts by patterns, as Flink has them.
#include <gtest/gtest.h>

#include "test_rows.h"
#include "time_pattern.h"

namespace dataflow::expr {
namespace {

// Its second row is further away than microseconds reach.
Batch batch_of_far_times() {
  Batch batch;
  batch.schema = std::make_shared<const Schema>(
      std::vector<Field>{{"t", Type::timestamp(3)}, {"d", Type::date()}});
  batch.rows = 2;
  const auto column = [](const Type& type, int64_t near, int64_t far) {
    return column_of(type, {Value::integer(type, near), Value::integer(type, far)}).value();
  };
  batch.columns = {column(Type::timestamp(3), 0, INT64_MAX), column(Type::date(), 0, INT32_MAX)};
  return batch;
}

TEST(TimeTexts, AreWrittenByPatterns) {
  check(
      {{"DATE_FORMAT(TIMESTAMP '2026-01-31 15:04:05.678', 'yyyy/MM/dd HH:mm:ss.SSS')",
        "2026/01/31 15:04:05.678:STRING"},
       {"DATE_FORMAT(TIMESTAMP '2026-01-31 15:04:05', 'yy-M-d h:m:s a')",
        "26-1-31 3:4:5 PM:STRING"},
       {"DATE_FORMAT(TIMESTAMP '2026-01-31 00:04:05', 'hh kk KK HH')", "12 24 00 00:STRING"},
       {"DATE_FORMAT(DATE '2026-01-31', 'EEE, dd MMM yyyy')", "Sat, 31 Jan 2026:STRING"},
       {"DATE_FORMAT(DATE '2026-01-31', 'EEEE dd MMMM')", "Saturday 31 January:STRING"},
       {"DATE_FORMAT(TIMESTAMP '2026-01-31 15:04:05.678912', 'SSSSSS DDD G')",
        "678912 031 AD:STRING"},
       {"DATE_FORMAT(TIMESTAMP '2026-01-31 15:04:05', 'yyyy-MM-dd''T''HH ''o''''clock''')",
        "2026-01-31T15 o'clock:STRING"},
       {"DATE_FORMAT('2026-01-31 15:04:05', 'yyyyMMdd')", "20260131:STRING"},
       {"DATE_FORMAT('x', 'yyyyMMdd')", "NULL:STRING"},
       {"DATE_FORMAT(CAST(NULL AS TIMESTAMP(3)), 'yyyy')", "NULL:STRING"},
       {"DATE_FORMAT(DATE '2026-01-31', 'YYYY')",
        "error: line 1, column 1: in DATE_FORMAT(DATE '2026-01-31', 'YYYY'): the pattern's letter "
        "'Y' is not known here; known are GyuMLdDEaHkKhmsSXZ, and text stands in '…'; the year is "
        "y"},
       {"DATE_FORMAT(DATE '2026-01-31', 'HH''x')",
        "error: line 1, column 1: in DATE_FORMAT(DATE '2026-01-31', 'HH''x'): the pattern has a "
        "quote without its end"},
       {"DATE_FORMAT(DATE '2026-01-31', 'X')",
        "error: line 1, column 1: in DATE_FORMAT(DATE '2026-01-31', 'X'): a time on the wall has "
        "no zone for X or Z"},
       {"FROM_UNIXTIME(44)", "1970-01-01 00:00:44:STRING"},
       {"FROM_UNIXTIME(1769860800, 'dd.MM.yyyy HH:mm XXX Z')", "31.01.2026 12:00 Z +0000:STRING"}});
  EXPECT_EQ(value_of("FROM_UNIXTIME(44, 'yyyy-MM-dd HH:mm:ss X')", "Asia/Tokyo"),
            "1970-01-01 09:00:44 +09:STRING");
  EXPECT_EQ(value_of("DATE_FORMAT(TO_TIMESTAMP_LTZ(0, 3), 'HH')", "Asia/Tokyo"), "09:STRING");
}

TEST(TimeTexts, AreReadByPatterns) {
  check(
      {{"TO_TIMESTAMP('2026-01-31 15:04:05.678', 'yyyy-MM-dd HH:mm:ss.SSS')",
        "2026-01-31 15:04:05.678:TIMESTAMP(3)"},
       {"TO_TIMESTAMP('20260131150405', 'yyyyMMddHHmmss')", "2026-01-31 15:04:05.000:TIMESTAMP(3)"},
       {"TO_TIMESTAMP('31 Jan 2026 3:04 PM', 'dd MMM yyyy h:mm a')",
        "2026-01-31 15:04:00.000:TIMESTAMP(3)"},
       {"TO_TIMESTAMP('2026-02-31', 'yyyy-MM-dd')", "2026-02-28 00:00:00.000:TIMESTAMP(3)"},
       {"TO_TIMESTAMP('2026-13-01', 'yyyy-MM-dd')", "NULL:TIMESTAMP(3)"},
       {"TO_TIMESTAMP('2026-01-31 rest', 'yyyy-MM-dd')", "NULL:TIMESTAMP(3)"},
       {"TO_TIMESTAMP('2026-1-3 5:06:07', 'yyyy-MM-dd HH:mm:ss')",
        "2026-01-03 05:06:07.000:TIMESTAMP(3)"},
       {"TO_TIMESTAMP('26', 'yy')", "2026-01-01 00:00:00.000:TIMESTAMP(3)"},
       {"TO_TIMESTAMP('Sun 2026-01-31', 'EEE yyyy-MM-dd')", "NULL:TIMESTAMP(3)"},
       {"TO_TIMESTAMP('2026-01-31', CAST(NULL AS STRING))", "NULL:TIMESTAMP(3)"},
       {"TO_DATE('31.1.2026', 'dd.MM.yyyy')", "2026-01-31:DATE"},
       {"TO_DATE('32.1.2026', 'dd.MM.yyyy')", "2026-02-01:DATE"},
       {"TO_DATE('x', 'dd.MM.yyyy')", "NULL:DATE"},
       {"UNIX_TIMESTAMP('1970-01-01 00:01:00')", "60:BIGINT"},
       {"UNIX_TIMESTAMP('1970-01-01 08:00:01.001 +0800', 'yyyy-MM-dd HH:mm:ss.SSS X')", "1:BIGINT"},
       {"UNIX_TIMESTAMP('1970-01-01 08:00:01.001', 'yyyy-MM-dd HH:mm:ss.SSS X')",
        "-9223372036854775808:BIGINT"},
       {"TO_TIMESTAMP_LTZ('2026-01-31 12:00:00.5', 'yyyy-MM-dd HH:mm:ss.S', 'Asia/Tokyo')",
        "2026-01-31 03:00:00.500Z:TIMESTAMP_LTZ(3)"},
       {"TO_TIMESTAMP_LTZ(1.5E0, 0)", "1970-01-01 00:00:01.500Z:TIMESTAMP_LTZ(3)"},
       {"CONVERT_TZ('1970-01-01 00:00:00', 'UTC', 'America/Los_Angeles')",
        "1969-12-31 16:00:00:STRING"},
       {"CONVERT_TZ('x', 'UTC', 'UTC')", "NULL:STRING"},
       {"CONVERT_TZ('1970-01-01 00:00:00', 'UTC', 'Nowhere')",
        "error: line 1, column 1: in CONVERT_TZ('1970-01-01 00:00:00', 'UTC', 'Nowhere'): there is "
        "no time zone \"Nowhere\"; name one such as \"UTC\", \"+02:00\" or \"Europe/Berlin\""}});
  // The examples of Flink's documentation.
  EXPECT_EQ(value_of("UNIX_TIMESTAMP('1970-01-01 08:00:01.001', 'yyyy-MM-dd HH:mm:ss.SSS')",
                     "Europe/Berlin"),
            "25201:BIGINT");
  EXPECT_EQ(value_of("UNIX_TIMESTAMP('1970-01-01 08:00:01.001 +0800', 'yyyy-MM-dd HH:mm:ss.SSS')",
                     "Europe/Berlin"),
            "25201:BIGINT");
}

// The century of a short year is known when rows are computed, not when they are bound.
TEST(TimeTexts, HaveTheSessionsCentury) {
  check({{"TO_DATE('31.01.26', 'dd.MM.yy')", "2026-01-31:DATE"},
         {"TO_DATE('31.01.47', 'dd.MM.yy')", "1947-01-31:DATE"}});
}

TEST(TimeTexts, AreLaterByWhatTheClockSkips) {
  check(
      {{"CONVERT_TZ('2026-03-08 02:30:00', 'America/Los_Angeles', 'UTC')",
        "2026-03-08 10:30:00:STRING"},
       {"CONVERT_TZ('2026-03-29 02:00:00', 'Europe/Berlin', 'UTC')", "2026-03-29 01:00:00:STRING"},
       {"CONVERT_TZ('2026-10-25 02:30:00', 'Europe/Berlin', 'UTC')",
        "2026-10-25 00:30:00:STRING"}});
  EXPECT_EQ(
      value_of("CAST(TIMESTAMP '2026-03-08 02:30:00' AS TIMESTAMP_LTZ(3))", "America/Los_Angeles"),
      "2026-03-08 10:30:00.000Z:TIMESTAMP_LTZ(3)");
}

TEST(TimeTexts, KnowOffsetsOfOneForm) {
  const auto hour_in = [](const std::string& zone) {
    return value_of("CONVERT_TZ('1970-01-01 00:00:00', 'UTC', '" + zone + "')");
  };
  for (const char* zone : {"+02:00", "+0200", "+02", "+2", "UTC+02:00", "GMT+2"}) {
    EXPECT_EQ(hour_in(zone), "1970-01-01 02:00:00:STRING") << zone;
  }
  for (const char* zone : {"Z", "UTC", "GMT", "+00:00", "-00"}) {
    EXPECT_EQ(hour_in(zone), "1970-01-01 00:00:00:STRING") << zone;
  }
  EXPECT_EQ(hour_in("-18:00"), "1969-12-31 06:00:00:STRING");
  EXPECT_EQ(hour_in("+0530"), "1970-01-01 05:30:00:STRING");
  for (const char* zone : {"+", "+:02", "+2:00", "+0:2:0:0", "+02:", "+02:0", "+020", "+02:60",
                           "+18:01", "+99", "+02:000", "UTCZ", "UTC 2", "+0a", ""}) {
    EXPECT_TRUE(hour_in(zone).starts_with("error: ")) << zone << ": " << hour_in(zone);
  }
}

TEST(TimeTexts, FailTooFarAway) {
  const char* far = "fault: a time that is too far from 1970";
  check({{"TO_TIMESTAMP_LTZ(9223372036854775807, 0)", far},
         {"TO_TIMESTAMP_LTZ(9223372036854775807, 3)", far},
         {"TO_TIMESTAMP_LTZ(-9000000000001, 0)", far},
         {"CAST(CAST(DATE '2026-01-31' + INTERVAL '1' DAY AS TIMESTAMP(3)) AS STRING)",
          "2026-02-01 00:00:00.000:STRING"}});
  Batch batch = batch_of_far_times();
  for (const char* text :
       {"CAST(t AS STRING)", "EXTRACT(YEAR FROM t)", "FLOOR(t TO DAY)", "CAST(t AS DATE)",
        "CAST(t AS TIMESTAMP_LTZ(3))", "CAST(d AS TIMESTAMP(3))", "EXTRACT(YEAR FROM d)"}) {
    const Evaluated evaluated = evaluate_text(text, batch);
    ASSERT_TRUE(evaluated.status.ok()) << text << ": " << evaluated.status;
    ASSERT_EQ(evaluated.faults.size(), 1u) << text;
    EXPECT_EQ(evaluated.faults[0].row, 1) << text;
    EXPECT_EQ(evaluated.faults[0].reason, "a time that is too far from 1970") << text;
  }
}

// Any text, by any pattern: read without harm, and what is written reads back.
TEST(TimeTexts, ReadBackWhatIsWritten) {
  for (const PatternStyle style : {PatternStyle::kFormatter, PatternStyle::kSimple}) {
    for (const char* text : {"yyyy-MM-dd HH:mm:ss.SSS", "yyyyMMddHHmmss", "EEE d MMMM yyyy h:m:s a",
                             "yyyy DDD kk:mm:ss"}) {
      Result<TimePattern> pattern = TimePattern::parse(text, style);
      ASSERT_TRUE(pattern.ok()) << pattern.status();
      for (int64_t seconds = -2'000'000'000; seconds < 4'000'000'000; seconds += 86'399'999) {
        std::string written;
        pattern->write(written, seconds * 1'000'000, 0);
        const auto read = pattern->read(written, 1946);
        ASSERT_TRUE(read) << text << ": " << written;
        EXPECT_EQ(read->micros, seconds * 1'000'000) << text << ": " << written;
        for (size_t cut = 0; cut < written.size(); ++cut) {
          (void)pattern->read(written.substr(cut), 1946);
          (void)pattern->read(written.substr(0, cut) + std::string(25, '9'), 1946);
        }
      }
    }
  }
}

}  // namespace
}  // namespace dataflow::expr
