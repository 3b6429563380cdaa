#include "task_clock.h"

#include <gtest/gtest.h>

namespace dataflow::engine {
namespace {

using Then = TaskClock::Then;

TEST(TaskClock, TellsWorkFullOutputsAndNothingToDoApart) {
  TaskClock clock;
  EXPECT_EQ(clock.read(100).idle_nanos, 0) << "it waits for its first step";
  clock.step_begins(100);
  EXPECT_EQ(clock.read(103).busy_nanos, 3) << "of the step at hand";
  clock.step_ends(110, Then::kBlocked);
  EXPECT_EQ(clock.read(130).blocked_nanos, 20);
  clock.step_begins(150);
  clock.step_ends(151, Then::kReady);
  clock.step_begins(900);
  clock.step_ends(901, Then::kIdle);
  clock.step_begins(1000);
  clock.step_ends(1001, Then::kOver);
  const TaskTimes times = clock.read(5000);
  EXPECT_EQ(times.busy_nanos, 13);
  EXPECT_EQ(times.blocked_nanos, 40);
  EXPECT_EQ(times.idle_nanos, 99);
}

}  // namespace
}  // namespace dataflow::engine
