#include "wall_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace dataflow::engine {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kHour = 3600 * kSecond;

WallClock clock_of(const std::string& zone) {
  Result<WallClock> clock = WallClock::of_zone(zone);
  EXPECT_TRUE(clock.ok()) << clock.status();
  return clock.ok() ? *clock : WallClock();
}

// 2021-03-14 02:00 became 03:00, and 2021-11-07 02:00 became 01:00.
constexpr int64_t kForward = 1615705200 * kSecond;
constexpr int64_t kBack = 1636264800 * kSecond;

TEST(WallClockTest, UtcIsWhatItIs) {
  for (const int64_t moment : {INT64_MIN, int64_t{-1}, int64_t{0}, INT64_MAX}) {
    EXPECT_EQ(clock_of("").reading(moment), moment);
    EXPECT_EQ(clock_of("").passed(moment), moment);
    EXPECT_EQ(clock_of("").moment_of(moment), moment);
  }
}

TEST(WallClockTest, TheEndsOfTimeAreThemselves) {
  for (const int64_t moment : {INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(clock_of("Asia/Shanghai").passed(moment), moment);
    EXPECT_EQ(clock_of("Asia/Shanghai").moment_of(moment), moment);
  }
}

TEST(WallClockTest, AnHourThatComesTwiceHasPassedWithTheSecond) {
  const WallClock clock = clock_of("America/New_York");
  const int64_t two = clock.reading(kBack - 1) + 1;
  EXPECT_EQ(clock.reading(kBack), two - kHour);
  EXPECT_EQ(clock.passed(kBack - 10 * kSecond), two - kHour - 1);
  EXPECT_EQ(clock.passed(kBack - 1), two - kHour - 1);
  EXPECT_EQ(clock.passed(kBack), two - kHour);
  EXPECT_EQ(clock.passed(kBack + kHour), two);
  EXPECT_EQ(clock.moment_of(two - kHour - 1), kBack - kHour - 1);
  EXPECT_EQ(clock.moment_of(two - kHour), kBack);
  EXPECT_EQ(clock.moment_of(two - 1), kBack + kHour - 1);
}

TEST(WallClockTest, AnHourThatIsSkippedHasPassedBefore) {
  const WallClock clock = clock_of("America/New_York");
  const int64_t two = clock.reading(kForward - 1) + 1;
  EXPECT_EQ(clock.reading(kForward), two + kHour);
  EXPECT_EQ(clock.passed(kForward - 1), two + kHour - 1);
  EXPECT_EQ(clock.passed(kForward - 2), two - 2);
  EXPECT_EQ(clock.moment_of(two + kHour / 2), kForward - 1);
  EXPECT_EQ(clock.moment_of(two + kHour), kForward);
}

// What has passed is what no later moment shows, and a moment is the first at which that is so.
TEST(WallClockTest, WhatHasPassedNeverComesAgain) {
  std::mt19937_64 random(std::random_device{}());
  for (const char* zone : {"America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "-03:30"}) {
    const WallClock clock = clock_of(zone);
    for (int i = 0; i < 300; ++i) {
      const auto away = static_cast<int64_t>(random() % (4 * kHour)) - 2 * kHour;
      // Lord Howe's clocks are put half an hour, at other moments.
      constexpr int64_t kHowe[] = {1617462000 * kSecond, 1633188600 * kSecond};
      const int64_t near[] = {kForward, kBack, kHowe[0], kHowe[1]};
      const int64_t moment = near[random() % 4] + away;
      // Clocks are put at whole quarters of an hour, so that the least comes with one of these.
      int64_t least = clock.reading(moment + 1);
      constexpr int64_t kQuarter = kHour / 4;
      for (int64_t at = (moment / kQuarter + 1) * kQuarter; at < moment + 6 * kHour;
           at += kQuarter) {
        least = std::min(least, clock.reading(at));
      }
      ASSERT_EQ(clock.passed(moment), least - 1) << zone << " " << moment;
      const int64_t reading = clock.reading(moment);
      const int64_t first = clock.moment_of(reading);
      ASSERT_GE(clock.passed(first), reading) << zone << " " << moment;
      ASSERT_LT(clock.passed(first - 1), reading) << zone << " " << moment;
      Readings micros(clock, 1000);
      ASSERT_EQ(micros.of(moment * 1000 + 7), reading * 1000 + 7);
      ASSERT_EQ(micros.of(moment * 1000 - 1), clock.reading(moment - 1) * 1000 + 999);
    }
  }
}

}  // namespace
}  // namespace dataflow::engine
