// What goes away and what stays: retention, rolling by the housekeeper, DeleteRecords, verifying.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "checkpoint.h"
#include "log/fault.h"
#include "log_test_bed.h"

namespace dataflow::log {
namespace {

class PartitionKeepTest : public testing::Test {
 protected:
  void SetUp() override {
    Status opened = bed_.open();
    ASSERT_TRUE(opened.ok()) << opened;
  }
  void add(LogPartition& p, size_t bytes, const BatchShape& shape = {}) {
    Result<AppendOutcome> outcome = append_synced(p, make_batch({std::string(bytes, 'x')}, shape));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
  }
  void add_now(LogPartition& p, size_t bytes = 900) {
    BatchShape shape;
    shape.times = {bed_.env().now().value()};
    add(p, bytes, shape);
  }
  size_t readable(LogPartition& p) {
    auto seen = consume(p, p.log_start(), Isolation::kReadUncommitted);
    EXPECT_TRUE(seen.ok()) << seen.status();
    return seen.ok() ? seen->size() : 0;
  }

  LogBed bed_;
};

TEST_F(PartitionKeepTest, RetentionByTimeRemovesWholeOldSegments) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}, {"retention.ms", "10000"}});
  for (int i = 0; i < 5; ++i) {
    add_now(p);
    bed_.env().advance_ms(4000);
  }
  bed_.log().keep_house();  // the records are 20, 16, 12, 8 and 4 s old
  EXPECT_EQ(p.log_start(), Offset(3));
  EXPECT_EQ(bed_.files(p).size(), 2u);
  EXPECT_EQ(readable(p), 2u);
  auto gone = p.read(Offset(2), 100, Isolation::kReadUncommitted, true);
  EXPECT_EQ(fault_of(gone.status()), Fault::kOffsetOutOfRange);
}

TEST_F(PartitionKeepTest, AnIdlePartitionsActiveSegmentExpiresToo) {
  LogPartition* p = &bed_.make("t", {{"retention.ms", "10000"}});
  add_now(*p);
  add_now(*p);
  bed_.env().advance_ms(10001);
  bed_.log().keep_house();
  EXPECT_EQ(p->log_start(), Offset(2));
  EXPECT_EQ(p->high_offset(), Offset(2));
  EXPECT_EQ(readable(*p), 0u);
  EXPECT_EQ(bed_.files(*p).size(), 1u);
  for (int round = 0; round < 2; ++round) {
    add_now(*p);
    EXPECT_EQ(p->high_offset(), Offset(3 + round));
    if (round == 0) bed_.crash_and_open({CrashMode::kLoseAll});
    p = &bed_.at();
    EXPECT_EQ(p->stats().health, PartitionHealth::kWritable) << p->stats().health_reason;
  }
}

TEST_F(PartitionKeepTest, RetentionBySizeKeepsAtLeastThatMuch) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}, {"retention.bytes", "3000"}});
  for (int i = 0; i < 10; ++i) add_now(p);
  bed_.log().keep_house();
  EXPECT_GE(p.stats().bytes, 3000u);
  EXPECT_LT(p.stats().bytes, 4100u);
  EXPECT_EQ(p.log_start(), Offset(6));
}

TEST_F(PartitionKeepTest, WithoutLimitsNothingGoes) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}, {"retention.ms", "-1"}});
  for (int i = 0; i < 5; ++i) add_now(p);
  bed_.env().advance_ms(int64_t{1000} * 24 * 3600 * 1000);
  bed_.log().keep_house();
  EXPECT_EQ(p.log_start(), Offset(0));
  EXPECT_EQ(readable(p), 5u);
}

TEST_F(PartitionKeepTest, ACompactedTopicIsNotSubjectToRetention) {
  LogPartition& p = bed_.make("t", {{"cleanup.policy", "compact"}, {"retention.ms", "1000"}});
  add_now(p);
  bed_.env().advance_ms(5000);
  bed_.log().keep_house();
  EXPECT_EQ(p.log_start(), Offset(0));
}

// The next start would take the gap behind it for damage.
TEST_F(PartitionKeepTest, NoSegmentGoesBeforeTheOneAheadOfIt) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}, {"retention.bytes", "0"}});
  for (int i = 0; i < 5; ++i) add(p, 900);
  bed_.env().fail(FaultOp::kRemove, Status::io_error("busy"), "00000000000000000000.log");
  bed_.log().keep_house();
  ASSERT_EQ(bed_.env().faults_hit(), 1u);
  EXPECT_EQ(p.log_start(), Offset(4));
  EXPECT_EQ(bed_.files(p).size(), 5u);
  bed_.crash_and_open({CrashMode::kKeepAll});
  EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kWritable)
      << bed_.at().stats().health_reason;
}

TEST_F(PartitionKeepTest, ARemovalThatFailedIsTriedAgain) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}, {"retention.bytes", "0"}});
  for (int i = 0; i < 5; ++i) add(p, 900);
  bed_.env().fail(FaultOp::kRemove, Status::io_error("busy"), "00000000000000000001.log");
  bed_.log().keep_house();
  EXPECT_EQ(bed_.files(p).size(), 4u);
  bed_.log().keep_house();
  EXPECT_EQ(bed_.files(p).size(), 1u);
  EXPECT_LE(bed_.files(p, ".index").size(), 1u);
}

// Retention deletes by what the newest checkpoint stands for: an older one must not replace it.
TEST_F(PartitionKeepTest, CheckpointsOfSeveralThreadsDoNotUndoEachOther) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}});
  const std::string path = p.dir() + "/checkpoint";
  std::atomic<int> failures{0};
  std::atomic<int> writing{0};
  std::atomic<bool> together{false};
  std::atomic<int> chances{300};
  bed_.env().set_hook([&](uint64_t, FaultOp op, const std::string& changed) {
    if (!changed.ends_with("/checkpoint.tmp")) return;
    if (op == FaultOp::kOpen && ++writing > 1) together = true;
    // Gives the others a chance.
    while (op == FaultOp::kSync && !together && chances-- > 0) std::this_thread::yield();
    if (op == FaultOp::kRename) --writing;
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        auto added = append_synced(p, make_batch({std::string(300, 'x')}));
        const bool written = added.ok() && p.write_checkpoint().ok();
        auto file = bed_.env().read_file(path, 1 << 20);
        auto found = file.ok() ? decode_checkpoint(*file) : Result<Checkpoint>(file.status());
        if (!written || !found.ok() || found->end < added->next_offset) ++failures;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  bed_.env().set_hook(nullptr);
  EXPECT_EQ(failures, 0);
  EXPECT_FALSE(together);
}

TEST_F(PartitionKeepTest, TheStableEndDoesNotFallBehindTheLogsStart) {
  LogPartition& p = bed_.make();
  add(p, 10, transactional(1, 0));
  add(p, 10);
  add(p, 10);
  EXPECT_EQ(p.last_stable(), Offset(0));
  ASSERT_EQ(*p.delete_records(Offset(2)), Offset(2));
  EXPECT_EQ(p.last_stable(), Offset(2));
  auto read = p.read(Offset(2), 1 << 20, Isolation::kReadCommitted, true);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->slice.length, 0u);
  ASSERT_TRUE(p.append_marker(ProducerId(1), ProducerEpoch(0), false, 0).ok());
  ASSERT_TRUE(wait_synced(p, p.end()).ok());
  EXPECT_EQ(p.last_stable(), Offset(4));
  EXPECT_EQ(consume(p, Offset(2), Isolation::kReadCommitted)->size(), 1u);
}

TEST_F(PartitionKeepTest, AnOpenTransactionHoldsItsSegments) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}, {"retention.bytes", "0"}});
  add(p, 900);
  add(p, 900, transactional(1, 0));
  add(p, 900);
  add(p, 900);
  bed_.log().keep_house();
  EXPECT_EQ(p.log_start(), Offset(1));
  ASSERT_TRUE(p.append_marker(ProducerId(1), ProducerEpoch(0), true, 0).ok());
  ASSERT_TRUE(wait_synced(p, p.end()).ok());
  bed_.log().keep_house();
  EXPECT_GT(p.log_start(), Offset(2));
}

TEST_F(PartitionKeepTest, AnOldActiveSegmentIsRolledWithoutAnAppend) {
  LogPartition* p = &bed_.make("t", {{"segment.ms", "1000"}});
  add_now(*p);
  bed_.env().advance_ms(1000);
  bed_.log().keep_house();
  EXPECT_EQ(p->stats().segments, 2u);
  bed_.log().keep_house();
  EXPECT_EQ(p->stats().segments, 2u) << "an empty segment is not rolled";
  EXPECT_EQ(readable(*p), 1u);
  add_now(*p);
  EXPECT_EQ(readable(*p), 2u);
  bed_.crash_and_open({CrashMode::kLoseAll});
  EXPECT_EQ(readable(bed_.at()), 2u);
}

TEST_F(PartitionKeepTest, ATransactionsEndIsNotForgottenWithTheSegmentThatHeldIt) {
  LogPartition* p = &bed_.make("t", {{"segment.bytes", "1024"}, {"retention.bytes", "0"}});
  add(*p, 300, transactional(1, 0));
  add(*p, 300, idempotent(2, 0));
  ASSERT_TRUE(p->write_checkpoint().ok());
  ASSERT_TRUE(p->append_marker(ProducerId(1), ProducerEpoch(0), true, 0).ok());
  add(*p, 200, idempotent(2, 1));
  add(*p, 900);
  bed_.log().keep_house();
  ASSERT_EQ(p->log_start(), Offset(4));
  bed_.crash_and_open({CrashMode::kLoseAll});
  p = &bed_.at();
  EXPECT_EQ(p->last_stable(), p->high_offset()) << "the transaction is open again";
  Result<AppendOutcome> repeat =
      append_synced(*p, make_batch({std::string(200, 'x')}, idempotent(2, 1)));
  ASSERT_TRUE(repeat.ok()) << repeat.status();
  EXPECT_TRUE(repeat->duplicate);
}

TEST_F(PartitionKeepTest, AReaderKeepsTheFileThatItHolds) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}, {"retention.bytes", "0"}});
  add(p, 900);
  Result<ReadOutcome> held = p.read(Offset(0), 1 << 20, Isolation::kReadUncommitted, true);
  ASSERT_TRUE(held.ok());
  add(p, 900);
  bed_.log().keep_house();
  ASSERT_EQ(p.log_start(), Offset(1));
  Result<std::string> bytes = slice_bytes(held->slice);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_TRUE(batch_crc_ok(*bytes));
}

TEST_F(PartitionKeepTest, DeletedRecordsStayDeletedOverACrash) {
  LogPartition* p = &bed_.make("t", {{"segment.bytes", "1024"}});
  for (int i = 0; i < 6; ++i) add(*p, 400);
  Result<Offset> start = p->delete_records(Offset(3));
  ASSERT_TRUE(start.ok()) << start.status();
  EXPECT_EQ(*start, Offset(3));
  EXPECT_EQ(p->log_start(), Offset(3));
  EXPECT_EQ(bed_.files(*p).size(), 2u);
  EXPECT_EQ(readable(*p), 3u);
  bed_.crash_and_open({CrashMode::kLoseAll});
  p = &bed_.at();
  EXPECT_EQ(p->log_start(), Offset(3));
  EXPECT_EQ(readable(*p), 3u);
}

TEST_F(PartitionKeepTest, DeletingEverythingLeavesAnEmptyLogThatGoesOn) {
  LogPartition* p = &bed_.make();
  for (int i = 0; i < 3; ++i) add(*p, 100);
  EXPECT_EQ(*p->delete_records(Offset(-1)), Offset(3));
  EXPECT_EQ(readable(*p), 0u);
  for (int round = 0; round < 3; ++round) {
    add(*p, 100);
    EXPECT_EQ(p->log_start(), Offset(3));
    EXPECT_EQ(p->high_offset(), Offset(4 + round));
    if (round == 0) bed_.crash_and_open({CrashMode::kLoseAll});
    if (round == 1) bed_.restart();
    p = &bed_.at();
    EXPECT_EQ(p->stats().health, PartitionHealth::kWritable) << p->stats().health_reason;
  }
}

TEST_F(PartitionKeepTest, RecordsBeyondTheReadableEndCannotBeDeleted) {
  LogPartition& p = bed_.make();
  add(p, 100);
  EXPECT_EQ(fault_of(p.delete_records(Offset(2)).status()), Fault::kOffsetOutOfRange);
  EXPECT_EQ(fault_of(p.delete_records(Offset(-2)).status()), Fault::kOffsetOutOfRange);
  EXPECT_EQ(*p.delete_records(Offset(0)), Offset(0));
}

TEST_F(PartitionKeepTest, IdleProducersExpireByTheClock) {
  bed_.options().producer_id_expiration_ms = 1000;
  bed_.restart();
  LogPartition& p = bed_.make();
  add(p, 10, idempotent(1, 0));
  bed_.env().advance_ms(1001);
  add(p, 10, idempotent(2, 0));
  bed_.log().keep_house();
  ASSERT_EQ(p.producers().size(), 1u);
  EXPECT_EQ(p.producers()[0].producer_id, ProducerId(2));
}

TEST_F(PartitionKeepTest, VerifyReadsEverythingAndReportsProgress) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}});
  for (int i = 0; i < 6; ++i) add(p, 400);
  uint64_t done = 0, all = 0;
  ASSERT_TRUE(p.verify([&](uint64_t d, uint64_t a) {
                 EXPECT_GT(d, done);
                 done = d;
                 all = a;
               }).ok());
  EXPECT_EQ(done, all);
  EXPECT_EQ(all, p.stats().bytes);
}

TEST_F(PartitionKeepTest, VerifyFindsAnyFlippedBitOfTheLog) {
  LogPartition& p = bed_.make();
  add(p, 20, idempotent(1, 0));
  add(p, 20, idempotent(1, 1));
  const std::string path = bed_.files(p).front();
  const uint64_t size = p.stats().bytes;
  for (uint64_t at = 0; at < size; ++at) {
    ASSERT_TRUE(bed_.env().flip_bit(path, at, static_cast<int>(at % 8)).ok());
    Status found = p.verify(nullptr);
    EXPECT_EQ(fault_of(found), Fault::kDamagedData) << "byte " << at;
    EXPECT_EQ(p.stats().health, PartitionHealth::kDamaged);
    ASSERT_TRUE(bed_.env().flip_bit(path, at, static_cast<int>(at % 8)).ok());
  }
  EXPECT_TRUE(p.verify(nullptr).ok());
}

}  // namespace
}  // namespace dataflow::log
