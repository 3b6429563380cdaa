#include "base/logger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "base/fault_env.h"
#include "log_format.h"

namespace dataflow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LoggerTest : public testing::Test {
 protected:
  // The process logs to standard error again, whatever the test did.
  ~LoggerTest() override { EXPECT_TRUE(configure_logging({}).ok()); }

  FaultEnv env_;
};

TEST_F(LoggerTest, writes_logfmt) {
  env_.set_now(Timestamp(1'795'243'200'123));
  const ScopedLogCapture capture(LogFormat::kText, &env_);
  const std::string topic = "orders";
  log_info("partition recovered", {{"topic", topic}, {"offset", Offset(12)}, {"clean", true}});
  log_warn("odd", {{"text", "a b"}, {"quote", "\"x\""}, {"equals", "a=b"}, {"empty", ""}});
  log_error("bad", {{"error", Status::corrupt("batch 3")}, {"ratio", 0.5}, {"n", uint64_t{7}}});
  EXPECT_THAT(
      capture.lines(),
      ElementsAre("ts=2026-11-21T06:40:00.123Z level=info msg=\"partition recovered\" topic=orders "
                  "offset=12 clean=true",
                  "ts=2026-11-21T06:40:00.123Z level=warn msg=odd text=\"a b\" quote=\"\\\"x\\\"\" "
                  "equals=\"a=b\" empty=\"\"",
                  "ts=2026-11-21T06:40:00.123Z level=error msg=bad error=\"corrupt: batch 3\" "
                  "ratio=0.5 n=7"));
}

TEST_F(LoggerTest, writes_json_lines) {
  env_.set_now(Timestamp(0));
  const ScopedLogCapture capture(LogFormat::kJson, &env_);
  log_info("said \"hi\"", {{"n", -3},
                           {"yes", false},
                           {"bad", "\xff\xc3\xa9\x01"},
                           {"inf", std::numeric_limits<double>::infinity()}});
  EXPECT_THAT(capture.lines(),
              ElementsAre("{\"ts\":\"1970-01-01T00:00:00.000Z\",\"level\":\"info\",\"msg\":\"said "
                          "\\\"hi\\\"\",\"n\":-3,\"yes\":false,\"bad\":\"\\ufffd\xc3\xa9\\u0001\","
                          "\"inf\":null}"));
}

// A client id with a line end in it must not be able to forge a line.
TEST_F(LoggerTest, stays_one_line_whatever_the_fields_hold) {
  const ScopedLogCapture capture;
  log_info("x", {{"client", "a\nlevel=error msg=forged\r\x1b[0m"}});
  ASSERT_EQ(capture.lines().size(), 1u);
  EXPECT_THAT(capture.lines()[0], HasSubstr("client=\"a\\nlevel=error msg=forged\\r\\u001b[0m\""));
}

TEST_F(LoggerTest, leaves_out_what_is_below_the_level) {
  const ScopedLogCapture capture;
  set_log_level(LogLevel::kWarn);
  log_debug("a");
  log_info("b");
  log_warn("c");
  set_log_level(LogLevel::kOff);
  log_error("d");
  EXPECT_EQ(capture.lines().size(), 1u);
  EXPECT_TRUE(capture.contains("msg=c"));
  EXPECT_FALSE(capture.contains("msg=b"));
}

TEST_F(LoggerTest, names_and_reads_levels) {
  EXPECT_EQ(*parse_log_level("warn"), LogLevel::kWarn);
  EXPECT_THAT(parse_log_level("wran").status().message(), HasSubstr("did you mean \"warn\"?"));
}

TEST_F(LoggerTest, appends_to_a_file_and_follows_a_rotation) {
  ASSERT_TRUE(configure_logging({.path = "/log", .env = &env_}).ok());
  log_info("one");
  ASSERT_TRUE(configure_logging({.path = "/log", .env = &env_}).ok());
  log_info("two");
  ASSERT_TRUE(env_.rename("/log", "/log.1").ok());
  log_info("three");
  ASSERT_TRUE(reopen_log().ok());
  log_info("four");
  const std::string old = *env_.read_file("/log.1", 10000);
  EXPECT_THAT(old, HasSubstr("msg=one\n"));
  EXPECT_THAT(old, HasSubstr("msg=two\n"));
  EXPECT_THAT(old, HasSubstr("msg=three\n"));
  EXPECT_THAT(*env_.read_file("/log", 10000), HasSubstr("msg=four\n"));
  EXPECT_EQ(configure_logging({.path = "/no/log", .env = &env_}).code(), StatusCode::kNotFound);
}

TEST_F(LoggerTest, falls_back_to_standard_error_when_the_file_takes_no_more) {
  ASSERT_TRUE(configure_logging({.path = "/log", .env = &env_}).ok());
  log_info("one");
  env_.set_capacity(env_.used_bytes());
  testing::internal::CaptureStderr();
  log_info("two");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("msg=two\n"));
  env_.set_capacity(FaultEnv::kUnlimited);
  log_info("three");
  const std::string text = *env_.read_file("/log", 10000);
  EXPECT_THAT(text, HasSubstr("msg=one\nts="));
  EXPECT_THAT(text, HasSubstr("msg=three\n"));
}

TEST_F(LoggerTest, limits_repeated_lines_by_key_and_counts_them) {
  const ScopedLogCapture capture(LogFormat::kText, &env_);
  for (int i = 0; i < 5; ++i) log_limited("k", LogLevel::kWarn, "slow", {{"i", i}});
  log_limited("other", LogLevel::kWarn, "fast");
  EXPECT_EQ(capture.lines().size(), 2u);
  env_.advance_ms(9'999);
  log_limited("k", LogLevel::kWarn, "slow", {{"i", 5}});
  EXPECT_EQ(capture.lines().size(), 2u);
  env_.advance_ms(1);
  log_limited("k", LogLevel::kWarn, "slow", {{"i", 6}});
  ASSERT_EQ(capture.lines().size(), 3u);
  EXPECT_THAT(capture.lines()[2], HasSubstr("msg=slow i=6 suppressed=5"));
}

TEST_F(LoggerTest, threads_do_not_mix_their_lines) {
  const ScopedLogCapture capture;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 100; ++i) {
        log_info("from", {{"thread", t}, {"i", i}});
        log_limited("shared", LogLevel::kInfo, "limited");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(capture.lines().size(), 401u);
  for (const std::string& line : capture.lines()) EXPECT_THAT(line, testing::StartsWith("ts="));
}

TEST_F(LoggerTest, prints_times_before_1970_and_leap_days) {
  EXPECT_EQ(iso_utc(Timestamp(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(iso_utc(Timestamp(1'709'164'800'000)), "2024-02-29T00:00:00.000Z");
}

}  // namespace
}  // namespace dataflow
