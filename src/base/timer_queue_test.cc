#include "base/timer_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/fault_env.h"

namespace dataflow {
namespace {

using testing::ElementsAre;

class TimerQueueTest : public testing::Test {
 protected:
  TimerId at_ms(int64_t ms, const std::string& word) {
    return timers_.schedule_after(ms * 1'000'000, [this, word] { ran_.push_back(word); });
  }

  FaultEnv env_;
  TimerQueue timers_{env_};
  std::vector<std::string> ran_;
};

TEST_F(TimerQueueTest, runs_what_is_due_in_the_order_of_time) {
  at_ms(20, "late");
  at_ms(10, "early");
  at_ms(10, "early too");
  EXPECT_EQ(timers_.run_due(), 0u);
  env_.advance_ms(9);
  EXPECT_EQ(timers_.run_due(), 0u);
  env_.advance_ms(1);
  EXPECT_EQ(timers_.run_due(), 2u);
  EXPECT_THAT(ran_, ElementsAre("early", "early too"));
  EXPECT_EQ(timers_.pending(), 1u);
  env_.advance_ms(100);
  EXPECT_EQ(timers_.run_due(), 1u);
  EXPECT_THAT(ran_, ElementsAre("early", "early too", "late"));
}

TEST_F(TimerQueueTest, a_cancelled_callback_does_not_run) {
  const TimerId id = at_ms(10, "a");
  at_ms(10, "b");
  EXPECT_TRUE(timers_.cancel(id));
  EXPECT_FALSE(timers_.cancel(id));
  EXPECT_FALSE(timers_.cancel(TimerId{0}));
  env_.advance_ms(10);
  timers_.run_due();
  EXPECT_THAT(ran_, ElementsAre("b"));
}

TEST_F(TimerQueueTest, a_callback_may_schedule_and_cancel) {
  TimerId doomed{};
  timers_.schedule_after(0, [&] {
    ran_.push_back("first");
    EXPECT_TRUE(timers_.cancel(doomed));
    at_ms(0, "now");
    at_ms(1, "later");
  });
  doomed = at_ms(0, "doomed");
  timers_.run_due();
  EXPECT_THAT(ran_, ElementsAre("first", "now"));
  env_.advance_ms(1);
  timers_.run_due();
  EXPECT_THAT(ran_, ElementsAre("first", "now", "later"));
}

TEST_F(TimerQueueTest, a_running_callback_cannot_be_cancelled) {
  TimerId self{};
  bool cancelled = true;
  self = timers_.schedule_after(0, [&] { cancelled = timers_.cancel(self); });
  timers_.run_due();
  EXPECT_FALSE(cancelled);
}

TEST_F(TimerQueueTest, stop_drops_what_was_scheduled) {
  auto owned = std::make_shared<int>(1);
  timers_.schedule_after(0, [owned] { FAIL(); });
  timers_.stop();
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_EQ(timers_.run_due(), 0u);
  EXPECT_EQ(timers_.schedule_after(0, [] {}), TimerId{0});
  timers_.stop();
}

TEST(TimerQueueThreadTest, its_thread_runs_them) {
  TimerQueue timers(posix_env());
  timers.start();
  timers.start();
  std::promise<std::string> done;
  std::string order;
  const int64_t now = posix_env().monotonic_nanos();
  timers.schedule_at(now + 3'000'000, [&] { done.set_value(order + "c"); });
  timers.schedule_at(now + 1'000'000, [&] { order += "a"; });
  timers.schedule_at(now + 2'000'000, [&] { order += "b"; });
  EXPECT_EQ(done.get_future().get(), "abc");
}

TEST(TimerQueueThreadTest, an_earlier_timer_wakes_the_waiting_thread) {
  TimerQueue timers(posix_env());
  timers.start();
  timers.schedule_after(int64_t{3600} * 1'000'000'000, [] { FAIL(); });
  std::promise<void> done;
  timers.schedule_after(0, [&] { done.set_value(); });
  done.get_future().get();
  timers.stop();
}

// Each callback either ran or was cancelled, never both and never neither.
TEST(TimerQueueThreadTest, cancelling_races_with_running) {
  TimerQueue timers(posix_env());
  timers.start();
  constexpr int kThreads = 3;
  constexpr int kEach = 2000;
  std::atomic<int> ran{0}, cancelled{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        const TimerId id = timers.schedule_after(i % 3 * 1000, [&] { ++ran; });
        if (timers.cancel(id)) ++cancelled;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::promise<void> done;
  timers.schedule_after(1'000'000, [&] { done.set_value(); });
  done.get_future().get();
  EXPECT_EQ(ran + cancelled, kThreads * kEach);
  EXPECT_EQ(timers.pending(), 0u);
}

TEST(TimerQueueDeathTest, a_callback_that_throws_ends_the_process) {
  FaultEnv env;
  TimerQueue timers(env);
  timers.schedule_after(0, [] { throw std::runtime_error("thrown by a timer"); });
  EXPECT_DEATH(timers.run_due(), "thrown by a timer");
}

}  // namespace
}  // namespace dataflow
