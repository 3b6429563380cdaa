#include "advisory_locks.h"

#include <gtest/gtest.h>

#include <future>

namespace dataflow::postgres {
namespace {

using Got = AdvisoryLocks::Got;
using Wanted = AdvisoryLocks::Wanted;

constexpr std::chrono::milliseconds kLong{60'000};
constexpr AdvisoryLocks::Key kOne{false, 1}, kTwo{false, 2}, kPair{true, 1};

TEST(AdvisoryLocks, OneHoldsItAloneOrSeveralShareIt) {
  AdvisoryLocks locks;
  EXPECT_EQ(locks.take({1, kOne}, {}), Got::kHeld);
  EXPECT_EQ(locks.take({1, kOne}, {}), Got::kHeld);
  EXPECT_EQ(locks.take({2, kOne}, {}), Got::kNotYet);
  EXPECT_EQ(locks.take({2, kOne, true}, {}), Got::kNotYet);
  EXPECT_EQ(locks.take({2, kPair}, {}), Got::kHeld);
  EXPECT_TRUE(locks.release(1, kOne, false));
  EXPECT_EQ(locks.take({2, kOne}, {}), Got::kNotYet);
  EXPECT_TRUE(locks.release(1, kOne, false));
  EXPECT_FALSE(locks.release(1, kOne, false));
  EXPECT_EQ(locks.take({2, kOne, true}, {}), Got::kHeld);
  EXPECT_EQ(locks.take({1, kOne, true}, {}), Got::kHeld);
  EXPECT_EQ(locks.take({3, kOne}, {}), Got::kNotYet);
  locks.leave(1);
  locks.release_all(2);
  EXPECT_EQ(locks.take({3, kOne}, {}), Got::kHeld);
}

TEST(AdvisoryLocks, ThoseOfATransactionEndWithIt) {
  AdvisoryLocks locks;
  EXPECT_EQ(locks.take({1, kOne, false, true}, {}), Got::kHeld);
  EXPECT_EQ(locks.take({1, kTwo}, {}), Got::kHeld);
  EXPECT_FALSE(locks.release(1, kOne, false));
  locks.release_all(1);
  EXPECT_EQ(locks.take({2, kTwo}, {}), Got::kHeld);
  EXPECT_EQ(locks.take({2, kOne}, {}), Got::kNotYet);
  locks.end_transaction(1);
  EXPECT_EQ(locks.take({2, kOne}, {}), Got::kHeld);
}

TEST(AdvisoryLocks, WhoWaitsIsWokenAndNobodyWaitsForHimself) {
  AdvisoryLocks locks;
  EXPECT_EQ(locks.take({1, kOne}, {}), Got::kHeld);
  EXPECT_EQ(locks.take({2, kTwo}, {}), Got::kHeld);
  // Whoever of the two comes last sees that nobody would ever go on.
  const auto goes = [&](uint32_t owner, const AdvisoryLocks::Key& key) {
    const Got got = locks.take({owner, key}, kLong);
    if (got == Got::kNever) locks.leave(owner);
    return got;
  };
  auto other = std::async(std::launch::async, [&] { return goes(2, kOne); });
  const Got mine = goes(1, kTwo);
  const Got its = other.get();
  EXPECT_TRUE((mine == Got::kNever && its == Got::kHeld) ||
              (mine == Got::kHeld && its == Got::kNever));
}

}  // namespace
}  // namespace dataflow::postgres
