// Power is lost at every single change of meta's disk, with every transaction's outcome checked
// afterwards: all of it is there or none, as its producer was told.
#include <gtest/gtest.h>

#include "coordinator_test_bed.h"
#include "log/fault.h"

namespace dataflow::log {
namespace {

struct Told {
  std::optional<bool> first;   // how the first transaction's end was answered: committed
  std::optional<bool> second;  // likewise, aborted
  TransactionIdentity who;
};

class CrashRun {
 public:
  explicit CrashRun(uint64_t point) : bed_(point), point_(point) {}

  // False once the crash point lies behind the end.
  bool run() {
    EXPECT_TRUE(bed_.open().ok());
    bed_.env().set_crash_after(bed_.env().mutations() + point_);
    work();
    const bool reached = bed_.env().crashed();
    bed_.crash({.mode = CrashMode::kRandom, .seed = point_});
    if (!testing::Test::HasFailure()) check();
    return reached;
  }

 private:
  void produce(const TopicPartition& to) {
    const auto permit = bed_.transactions().verify_partition("x", told_.who.producer_id,
                                                             told_.who.producer_epoch, to);
    ASSERT_TRUE(permit.ok()) << permit.status();
    bed_.log()
        .at(to.topic, to.partition.value())
        .produce(told_.who.producer_id, told_.who.producer_epoch);
  }
  bool transaction(int64_t offset, bool commit) {
    if (!bed_.add(told_.who, {part("t"), part("t", 1)}).at(0).ok()) return false;
    produce(part("t"));
    produce(part("t", 1));
    if (!bed_.add_group(told_.who, "g").ok()) return false;
    const TxnOffsetCommitRequest offsets{
        told_.who, {"g", Generation(-1), "", {}}, {offset_of(part("u"), offset)}};
    if (!bed_.txn_commit(offsets).at(0).ok()) return false;
    return bed_.end(told_.who, commit).ok();
  }
  void work() {
    const InitProducerResult made = bed_.init("x", 10000);
    if (!made.status.ok()) return;
    told_.who = {"x", made.producer_id, made.producer_epoch};
    if (!transaction(1, true)) return;
    told_.first = true;
    if (!transaction(2, false)) return;
    told_.second = true;
  }

  int64_t group_offset(bool stable) {
    const auto out =
        bed_.groups().fetch_offsets({"g", std::vector<TopicPartition>{part("u")}, stable});
    return out.offsets.at(0).status.ok() ? out.offsets.at(0).offset.value() : -2;
  }
  int commits(int32_t partition) {
    int out = 0;
    for (const auto& entry : bed_.log().at("t", partition).entries()) out += entry.commit ? 1 : 0;
    return out;
  }

  void check() {
    // What is still open runs into its timeout; then nothing may hang.
    bed_.pass(10000);
    bed_.pass(1000);
    EXPECT_EQ(bed_.transactions()
                  .list({{"Ongoing", "PrepareCommit", "PrepareAbort"}, {}, -1})
                  .transactions.size(),
              0u);
    const bool committed = group_offset(true) == 1;
    EXPECT_TRUE(committed || group_offset(true) == -1) << "an offset that nobody committed";
    EXPECT_TRUE(committed || !told_.first);
    for (int32_t i = 0; i < 2; ++i) {
      EXPECT_FALSE(bed_.log().at("t", i).hanging(told_.who.producer_id));
      EXPECT_EQ(commits(i) > 0, committed) << "the offsets and partition " << i << " disagree";
    }
    // The producer that was told nothing asks again, or a new one takes over.
    const InitProducerResult next = bed_.init("x");
    ASSERT_TRUE(next.status.ok()) << next.status;
    if (told_.who.producer_id != kNoProducerId && !told_.who.transactional_id.empty()) {
      EXPECT_EQ(next.producer_id, told_.who.producer_id);
      EXPECT_GT(next.producer_epoch, told_.who.producer_epoch);
    }
  }

  CoordinatorBed bed_;
  const uint64_t point_;
  Told told_;
};

TEST(TransactionCrash, AllOrNothingWhereverThePowerGoes) {
  for (uint64_t point = 1; point < 1000; ++point) {
    SCOPED_TRACE("crash at change " + std::to_string(point));
    CrashRun run(point);
    const bool reached = run.run();
    if (testing::Test::HasFailure() || !reached) return;
  }
  FAIL() << "the crash points never reached the end";
}

}  // namespace
}  // namespace dataflow::log
