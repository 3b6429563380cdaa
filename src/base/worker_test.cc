#include "base/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <future>
#include <stdexcept>

namespace dataflow {
namespace {

TEST(WorkerTest, runs_tasks_in_order_and_drains_at_stop) {
  std::vector<int> ran;
  Worker worker("order");
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(worker.post([&ran, i] { ran.push_back(i); }));
  worker.stop();
  ASSERT_EQ(ran.size(), 1000u);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(ran[i], i);
  EXPECT_FALSE(worker.post([] { FAIL(); }));
  worker.stop();
}

TEST(WorkerTest, a_task_may_post_another_one) {
  std::promise<int> done;
  Worker worker("chain");
  worker.post([&] { worker.post([&] { done.set_value(2); }); });
  EXPECT_EQ(done.get_future().get(), 2);
}

TEST(WorkerTest, knows_its_thread_by_name) {
  std::promise<std::string> name;
  std::promise<bool> current;
  Worker worker("a-name-that-is-too-long");
  EXPECT_FALSE(worker.is_current());
  worker.post([&] {
    char text[32];
    pthread_getname_np(pthread_self(), text, sizeof text);
    name.set_value(text);
    current.set_value(worker.is_current());
  });
  EXPECT_EQ(name.get_future().get(), "a-name-that-is-");
  EXPECT_TRUE(current.get_future().get());
}

TEST(WorkerTest, lets_go_of_a_task_before_the_next_one_runs) {
  auto owned = std::make_shared<int>(0);
  std::promise<long> uses;
  Worker worker("letgo");
  std::promise<void> posted;
  worker.post([&, waiting = posted.get_future().share()] { waiting.get(); });
  worker.post([owned] {});
  worker.post([&] { uses.set_value(owned.use_count()); });
  posted.set_value();
  EXPECT_EQ(uses.get_future().get(), 1);
}

TEST(WorkerTest, takes_tasks_from_several_threads) {
  int count = 0;  // only the worker touches it
  Worker worker("many");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) worker.post([&count] { ++count; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  worker.stop();
  EXPECT_EQ(count, 4000);
}

TEST(WorkerDeathTest, a_task_that_throws_ends_the_process) {
  EXPECT_DEATH(
      {
        Worker worker("throws");
        worker.post([] { throw std::runtime_error("thrown by a task"); });
        worker.stop();
      },
      "thrown by a task");
}

}  // namespace
}  // namespace dataflow
