#include "request_memory.h"

#include <gtest/gtest.h>

#include <string>

namespace dataflow::kafka {
namespace {

struct CountingWaiter final : MemoryWaiter {
  void on_memory() override { ++told; }
  int told = 0;
};

TEST(RequestMemory, TakesUpToTheLimitAndNotPastIt) {
  RequestMemory memory(100);
  EXPECT_TRUE(memory.take(60));
  EXPECT_FALSE(memory.take(41));
  EXPECT_TRUE(memory.take(40));
  EXPECT_TRUE(memory.exhausted());
  memory.give_back(1);
  EXPECT_FALSE(memory.exhausted());
}

TEST(RequestMemory, WaitersAreToldOnce) {
  RequestMemory memory(10);
  ASSERT_TRUE(memory.take(10));
  auto waiter = std::make_shared<CountingWaiter>();
  memory.wait(waiter);
  EXPECT_EQ(waiter->told, 0);
  memory.give_back(5);
  memory.give_back(5);
  EXPECT_EQ(waiter->told, 1);
  // There is memory now: whoever asks in between is told at once.
  memory.wait(waiter);
  EXPECT_EQ(waiter->told, 2);
}

TEST(RequestMemory, OneHolderAtATimeMayGoPastTheLimit) {
  RequestMemory memory(10);
  ASSERT_TRUE(memory.take(10));
  int one = 0;
  int two = 0;
  EXPECT_TRUE(memory.acquire_overdraft(&one));
  EXPECT_TRUE(memory.acquire_overdraft(&one));
  EXPECT_FALSE(memory.acquire_overdraft(&two));
  auto waiter = std::make_shared<CountingWaiter>();
  memory.wait(waiter);
  memory.release_overdraft(&two);
  EXPECT_EQ(waiter->told, 0);
  memory.release_overdraft(&one);
  EXPECT_EQ(waiter->told, 1);
  EXPECT_TRUE(memory.acquire_overdraft(&two));
}

TEST(RequestMemory, QueueRoomIsGivenBackWithTheLastCopy) {
  RequestMemory memory(100);
  std::shared_ptr<void> large = take_queue_room(memory, 50);
  ASSERT_TRUE(large) << "the first one, however large";
  EXPECT_GT(memory.used(), 100u);
  EXPECT_FALSE(take_queue_room(memory, 1));
  std::shared_ptr<void> copy = large;
  large.reset();
  EXPECT_FALSE(take_queue_room(memory, 1));
  copy.reset();
  EXPECT_EQ(memory.used(), 0u);
  EXPECT_TRUE(take_queue_room(memory, 1));
}

TEST(InputBuffer, AnnouncedBytesCostNothingUntilTheyCome) {
  RequestMemory memory(256 << 20);
  InputBuffer buffer(memory);
  buffer.append("abcd", 4);
  ASSERT_TRUE(buffer.grow_for(100 << 20, false));
  EXPECT_LE(memory.used(), size_t{1} << 20);
  buffer.release();
  EXPECT_EQ(memory.used(), 0u);
}

TEST(InputBuffer, GrowsWithWhatHasCome) {
  RequestMemory memory(256 << 20);
  InputBuffer buffer(memory);
  std::string bytes(3 << 20, 'x');
  size_t at = 0;
  size_t total = bytes.size();
  buffer.append(bytes.data(), 10);
  at = 10;
  while (at < total) {
    ASSERT_TRUE(buffer.grow_for(total, false));
    size_t step = std::min(buffer.room(), total - at);
    std::copy_n(bytes.data() + at, step, buffer.data() + buffer.size());
    buffer.added(step);
    at += step;
    EXPECT_LE(memory.used(), std::max<size_t>(1 << 20, 2 * at));
  }
  EXPECT_EQ(std::string(buffer.data(), buffer.size()), bytes);
  buffer.consume(total);
  EXPECT_EQ(memory.used(), 0u);
}

TEST(InputBuffer, AskingForMoreThanTheBudgetFailsAndKeepsTheBytes) {
  RequestMemory memory(5000);
  InputBuffer buffer(memory);
  buffer.append("abc", 3);
  ASSERT_TRUE(buffer.grow_for(4096, false));
  EXPECT_FALSE(buffer.grow_for(1 << 20, false));
  EXPECT_EQ(std::string(buffer.data(), buffer.size()), "abc");
  EXPECT_TRUE(buffer.grow_for(1 << 20, true));
  EXPECT_EQ(std::string(buffer.data(), buffer.size()), "abc");
}

}  // namespace
}  // namespace dataflow::kafka
