// Compaction with the power cut at any operation of it: the newest committed value of each key is
// there, nothing is damaged, and no offset changes.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "log_test_bed.h"

namespace dataflow::log {
namespace {

class CompactWorld {
 public:
  explicit CompactWorld(uint64_t seed) : bed_(seed), random_(seed) {}

  LogBed& bed() { return bed_; }

  void fill(int batches) {
    for (int i = 0; i < batches && !testing::Test::HasFailure(); ++i) {
      const std::string key = "k" + std::to_string(random_() % 5);
      const std::string value =
          key + "=" + std::to_string(next_++) + std::string(random_() % 200, '.');
      BatchShape shape = idempotent(1, sequence_);
      const bool aborted = random_() % 4 == 0;
      if (aborted) shape = transactional(2, aborted_++);
      shape.key = key;
      shape.codec = static_cast<Codec>(random_() % 5);
      last_sent_ = make_batch({value}, shape);
      Result<AppendOutcome> outcome = append_synced(bed_.at(), last_sent_);
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      if (!aborted) {
        ++sequence_;
        newest_[key] = {value, outcome->base_offset};
        continue;
      }
      auto marker = bed_.at().append_marker(ProducerId(2), ProducerEpoch(0), false, 0);
      ASSERT_TRUE(marker.ok()) << marker.status();
      ASSERT_TRUE(wait_synced(bed_.at(), marker->next_offset).ok());
    }
    end_ = bed_.at().high_offset();
  }

  void check() {
    LogPartition& p = bed_.at();
    ASSERT_EQ(p.stats().health, PartitionHealth::kWritable) << p.stats().health_reason;
    ASSERT_EQ(p.high_offset(), end_);
    for (uint32_t max_bytes : {200u, 1u << 20}) {
      auto seen = consume(p, p.log_start(), Isolation::kReadCommitted, max_bytes);
      ASSERT_TRUE(seen.ok()) << seen.status();
      std::map<std::string, std::pair<std::string, Offset>> found;
      for (const SeenRecord& r : *seen) {
        found[r.value.substr(0, r.value.find('='))] = {r.value, r.offset};
      }
      ASSERT_EQ(found, newest_);
    }
    Status verified = p.verify(nullptr);
    ASSERT_TRUE(verified.ok()) << verified;
  }

  size_t records() {
    auto seen = consume(bed_.at(), bed_.at().log_start(), Isolation::kReadCommitted);
    return seen.ok() ? seen->size() : 0;
  }

 private:
  LogBed bed_;
  std::mt19937_64 random_;
  int next_ = 0;
  int32_t sequence_ = 0;
  int32_t aborted_ = 0;
  std::string last_sent_;
  std::map<std::string, std::pair<std::string, Offset>> newest_;
  Offset end_{0};
};

const ConfigOverrides kCompacted{{"cleanup.policy", "compact"},
                                 {"segment.bytes", "1024"},
                                 {"min.cleanable.dirty.ratio", "0.01"}};

TEST(LogCompactCrashTest, WithoutACrashOldValuesGo) {
  CompactWorld world(test_seed(1));
  ASSERT_TRUE(world.bed().open().ok());
  world.bed().make("t", kCompacted);
  world.fill(80);
  const size_t before = world.records();
  world.bed().log().keep_house();
  EXPECT_LT(world.records(), before / 2);
  world.check();
  world.bed().restart();
  world.check();
  world.fill(40);
  world.bed().log().keep_house();
  world.check();
}

TEST(LogCompactCrashTest, ACrashAtAnyOperationLosesNoNewestValue) {
  const int rounds = test_rounds(60);
  const uint64_t seed = test_seed(1);
  for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round));
    CompactWorld world(seed + static_cast<uint64_t>(round));
    ASSERT_TRUE(world.bed().open().ok());
    world.bed().make("t", kCompacted);
    world.fill(40);
    FaultEnv& env = world.bed().env();
    env.set_crash_after(env.mutations() + 1 + static_cast<uint64_t>(round) % 50);
    world.bed().log().keep_house();
    const auto mode = static_cast<CrashMode>(round % 3);
    world.bed().crash({mode, static_cast<uint64_t>(round)});
    Status opened = world.bed().open();
    ASSERT_TRUE(opened.ok()) << opened;
    world.check();
    world.fill(10);
    world.bed().log().keep_house();
    world.check();
    world.bed().crash_and_open({mode, static_cast<uint64_t>(round) + 7});
    world.check();
  }
}

}  // namespace
}  // namespace dataflow::log
