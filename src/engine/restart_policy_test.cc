#include "restart_policy.h"

#include <gtest/gtest.h>

namespace dataflow::engine {
namespace {

plan::RestartSpec spec() {
  plan::RestartSpec spec;
  spec.max_attempts = 3;
  spec.window_ms = 10000;
  spec.backoff_ms = 100;
  spec.max_backoff_ms = 300;
  return spec;
}

TEST(RestartPolicyTest, WaitsLongerEachTimeAndGivesUpAtTheLimit) {
  RestartPolicy policy(spec());
  EXPECT_EQ(policy.on_failure(0, 10), 100);
  EXPECT_EQ(policy.on_failure(1000, 20), 200);
  EXPECT_EQ(policy.on_failure(2000, 30), 300);
  EXPECT_EQ(policy.on_failure(3000, 0), std::nullopt);
}

TEST(RestartPolicyTest, OldFailuresAreForgotten) {
  RestartPolicy policy(spec());
  for (int64_t i = 0; i < 20; ++i) EXPECT_EQ(policy.on_failure(i * 20000, 10), 100);
}

TEST(RestartPolicyTest, AFullDiskIsWaitedForWithoutALimit) {
  RestartPolicy policy(spec());
  EXPECT_EQ(policy.on_full_disk(10), 100);
  EXPECT_EQ(policy.on_full_disk(20), 200);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(policy.on_full_disk(30), 300);
  EXPECT_EQ(policy.on_failure(0, 10), 100) << "that was no failure";
  policy.on_checkpoint();
  EXPECT_EQ(policy.on_full_disk(10), 100);
}

TEST(RestartPolicyTest, JitterIsATenthEitherWay) {
  for (uint64_t random = 0; random < 100; ++random) {
    RestartPolicy policy(spec());
    const int64_t wait = policy.on_failure(0, random).value();
    EXPECT_GE(wait, 90);
    EXPECT_LE(wait, 110);
  }
}

}  // namespace
}  // namespace dataflow::engine
