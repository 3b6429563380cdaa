// Cuts the power after each of many operations of a busy log, and looks at what is left.
//
// DATAFLOW_SOAK_ROUNDS sets how many crash points of each kind are tried, DATAFLOW_TEST_SEED where
// the workload begins; a failure names the seed, the operation and the mode.
#include <gtest/gtest.h>

#include "log_crash_world.h"

namespace dataflow::log {
namespace {

constexpr int kSteps = 70;

const char* mode_name(CrashMode mode) {
  switch (mode) {
    case CrashMode::kLoseAll: return "lose all";
    case CrashMode::kKeepAll: return "keep all";
    case CrashMode::kRandom: return "random";
  }
  return "?";
}

uint64_t operations_of(uint64_t seed) {
  CrashWorld world(seed);
  world.set_up();
  const uint64_t before = world.env().mutations();
  world.work(kSteps);
  return world.env().mutations() - before;
}

// Two crashes one after the other, the second in what the users do after the first.
void crash_at(uint64_t seed, uint64_t operation, CrashMode mode) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", operation " + std::to_string(operation) +
               ", mode " + mode_name(mode));
  CrashWorld world(seed);
  world.set_up();
  world.env().set_crash_after(world.env().mutations() + operation);
  world.work(kSteps);
  if (testing::Test::HasFailure()) return;
  world.crash_and_check({mode, seed * 1000 + operation}, operation % 3 == 0 ? 2 : 0);
  if (testing::Test::HasFailure()) return;
  world.settle_and_check();
  if (testing::Test::HasFailure()) return;
  world.env().set_crash_after(world.env().mutations() + 1 + operation * 7 % 80);
  world.work(kSteps);
  if (testing::Test::HasFailure()) return;
  world.crash_and_check({mode, seed * 2000 + operation}, 0);
  if (testing::Test::HasFailure()) return;
  world.settle_and_check();
}

void crash_everywhere(CrashMode mode) {
  const uint64_t rounds = static_cast<uint64_t>(test_rounds(40));
  const uint64_t seed = test_seed(1);
  constexpr uint64_t kPointsOfASeed = 20;
  for (uint64_t round = 0; round < rounds; round += kPointsOfASeed) {
    const uint64_t s = seed + round / kPointsOfASeed;
    const uint64_t operations = operations_of(s);
    ASSERT_GT(operations, kPointsOfASeed);
    for (uint64_t i = 0; i < std::min(kPointsOfASeed, rounds - round); ++i) {
      // Other points in each mode and seed, so that many rounds meet every operation.
      crash_at(s,
               1 + (i * operations / kPointsOfASeed + s * 7 + static_cast<uint64_t>(mode) * 3) %
                       operations,
               mode);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(LogCrashTest, APowerLossThatLosesEverythingUnsynced) { crash_everywhere(CrashMode::kLoseAll); }
TEST(LogCrashTest, AKilledProcess) { crash_everywhere(CrashMode::kKeepAll); }
TEST(LogCrashTest, APowerLossThatKeepsLosesAndTears) { crash_everywhere(CrashMode::kRandom); }

}  // namespace
}  // namespace dataflow::log
