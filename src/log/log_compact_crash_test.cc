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

  // Some from an idempotent producer, some from one whose transactions end this way or that.
  void fill(int batches) {
    for (int i = 0; i < batches && !testing::Test::HasFailure(); ++i) {
      const std::string key = "k" + std::to_string(random_() % 5);
      const std::string value =
          key + "=" + std::to_string(next_++) + std::string(random_() % 200, '.');
      const uint64_t kind = random_() % 8;
      const bool plain = kind > 2;
      const bool commit = kind == 0;
      BatchShape shape = plain ? idempotent(1, sequence_++) : transactional(2, in_transactions_++);
      shape.key = key;
      shape.codec = static_cast<Codec>(random_() % 5);
      std::string batch = make_batch({value}, shape);
      if (plain) last_sent_ = batch;
      Result<AppendOutcome> outcome = append_synced(bed_.at(), batch);
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      ASSERT_FALSE(outcome->duplicate);
      if (plain || commit) newest_[key] = {value, outcome->base_offset};
      if (plain) continue;
      auto marker = bed_.at().append_marker(ProducerId(2), ProducerEpoch(0), commit, 0);
      ASSERT_TRUE(marker.ok()) << marker.status();
      ASSERT_TRUE(wait_synced(bed_.at(), marker->next_offset).ok());
    }
    end_ = bed_.at().high_offset();
  }

  // What the log alone says must be what it says with its checkpoint.
  void lose_checkpoint() {
    const std::string path = bed_.at().dir() + "/checkpoint";
    bed_.crash({CrashMode::kKeepAll});
    const Status removed = bed_.env().exists(path) ? bed_.env().remove_file(path) : Status();
    ASSERT_TRUE(removed.ok()) << removed;
    Status opened = bed_.open();
    ASSERT_TRUE(opened.ok()) << opened;
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
    ASSERT_EQ(p.last_stable(), p.high_offset()) << "a transaction is open that had ended";
    if (last_sent_.empty()) return;
    Result<AppendOutcome> again = append_synced(p, last_sent_);
    ASSERT_TRUE(again.ok()) << again.status();
    ASSERT_TRUE(again->duplicate) << "what the producer sent last is not known";
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
  int32_t in_transactions_ = 0;
  std::string last_sent_;
  std::map<std::string, std::pair<std::string, Offset>> newest_;
  Offset end_{0};
};

// Each segment holds some batches, so that what is left of several fits into one; ends of
// transactions go as soon as they may.
const ConfigOverrides kCompacted{{"cleanup.policy", "compact"},
                                 {"segment.bytes", "1024"},
                                 {"delete.retention.ms", "0"},
                                 {"min.cleanable.dirty.ratio", "0"}};

TEST(LogCompactCrashTest, WithoutACrashOldValuesGo) {
  CompactWorld world(test_seed(1));
  ASSERT_TRUE(world.bed().open().ok());
  world.bed().make("t", kCompacted);
  for (int round = 0; round < 6; ++round) {
    SCOPED_TRACE(round);
    world.fill(40);
    const size_t before = world.records();
    world.bed().log().keep_house();
    EXPECT_LT(world.records(), before);
    EXPECT_LE(world.bed().at().stats().segments, 10u);
    world.check();
    if (round % 2 == 0) world.bed().restart();
    if (round % 2 == 1) world.lose_checkpoint();
    world.check();
  }
}

TEST(LogCompactCrashTest, ACrashAtAnyOperationLosesNoNewestValue) {
  const int rounds = test_rounds(60);
  const uint64_t seed = test_seed(1);
  for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round));
    const auto turn = static_cast<uint64_t>(round);
    CompactWorld world(seed + turn);
    FaultEnv& env = world.bed().env();
    ASSERT_TRUE(world.bed().open().ok());
    world.bed().make("t", kCompacted);
    const auto mode = static_cast<CrashMode>(round % 3);
    // The first passes find whole transactions, the later ones ends that have nothing left.
    for (uint64_t pass = 0; pass < 3 && !testing::Test::HasFailure(); ++pass) {
      world.fill(30);
      env.set_crash_after(env.mutations() + 1 + (turn * 37 + pass * 11) % 150);
      world.bed().log().keep_house();
      world.bed().crash({mode, turn + pass});
      // And once more while what was begun is finished.
      env.set_crash_after(env.mutations() + 1 + turn % 25);
      (void)world.bed().open().ok();
      world.bed().crash({mode, turn + pass + 7});
      Status opened = world.bed().open();
      ASSERT_TRUE(opened.ok()) << opened;
      world.check();
      if ((turn + pass) % 2 == 0) world.lose_checkpoint();
      world.check();
      world.bed().log().keep_house();
      world.check();
    }
  }
}

}  // namespace
}  // namespace dataflow::log
