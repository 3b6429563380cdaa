// Appending: what is taken and refused, offsets, acknowledgements, rolling, a full disk, a failed
// fsync.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "log/fault.h"
#include "log_test_bed.h"
#include "types/record.h"

namespace dataflow::log {
namespace {

class PartitionAppendTest : public testing::Test {
 protected:
  void SetUp() override {
    Status opened = bed_.open();
    ASSERT_TRUE(opened.ok()) << opened;
  }

  Fault refusal(LogPartition& p, std::string batch) {
    Result<AppendOutcome> outcome = append_batch(p, std::move(batch));
    EXPECT_FALSE(outcome.ok());
    return outcome.ok() ? Fault::kNone : fault_of(outcome.status());
  }

  LogBed bed_;
};

TEST_F(PartitionAppendTest, GivesOffsetsOneBehindTheOther) {
  LogPartition& p = bed_.make();
  EXPECT_EQ(p.high_offset(), Offset(0));
  Result<AppendOutcome> first = append_synced(p, make_batch({"a", "b"}));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->base_offset, Offset(0));
  EXPECT_EQ(first->next_offset, Offset(2));
  EXPECT_FALSE(first->duplicate);
  EXPECT_EQ(first->append_time, kNoTimestamp);
  Result<AppendOutcome> second = append_synced(p, make_batch({"c"}));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->base_offset, Offset(2));
  EXPECT_EQ(p.high_offset(), Offset(3));
  auto seen = consume(p, Offset(0), Isolation::kReadUncommitted);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(values_of(*seen), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(PartitionAppendTest, StoresTheBytesAsTheyCameButForOffsetAndEpoch) {
  LogPartition& p = bed_.make();
  for (Codec codec : {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    BatchShape shape;
    shape.codec = codec;
    std::string sent = make_batch({std::string(300, 'x'), "y"}, shape);
    Result<AppendOutcome> outcome = append_synced(p, sent);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    Result<ReadOutcome> read =
        p.read(outcome->base_offset, 1 << 20, Isolation::kReadUncommitted, true);
    ASSERT_TRUE(read.ok());
    set_base_offset(sent.data(), outcome->base_offset);
    set_leader_epoch(sent.data(), p.leader_epoch());
    EXPECT_EQ(*slice_bytes(read->slice), sent) << codec_name(codec);
  }
}

TEST_F(PartitionAppendTest, RefusesWhatIsNoSoundBatch) {
  LogPartition& p = bed_.make();
  EXPECT_EQ(refusal(p, ""), Fault::kCorruptBatch);
  EXPECT_EQ(refusal(p, "short"), Fault::kCorruptBatch);
  std::string old = make_batch({"a"});
  old[16] = 1;
  EXPECT_EQ(refusal(p, old), Fault::kUnsupportedMagic);
  std::string cut = make_batch({"a"});
  cut.pop_back();
  EXPECT_EQ(refusal(p, cut), Fault::kCorruptBatch);
  std::string flipped = make_batch({"a"});
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  EXPECT_EQ(refusal(p, flipped), Fault::kCorruptBatch);
  EXPECT_EQ(p.end(), Offset(0));
}

TEST_F(PartitionAppendTest, RefusesWhatOnlyTheServerMayWrite) {
  LogPartition& p = bed_.make();
  EXPECT_EQ(refusal(p, build_control_batch(Offset(0), ProducerId(1), ProducerEpoch(0),
                                           ControlType::kCommit, 0, Timestamp(1))),
            Fault::kInvalidRecord);
  EXPECT_EQ(refusal(p, make_batch({"a"}) + make_batch({"b"})), Fault::kInvalidRecord);
  EXPECT_EQ(refusal(p, make_batch({})), Fault::kInvalidRecord);
  BatchShape nobody = transactional(-1, -1);
  EXPECT_EQ(refusal(p, make_batch({"a"}, nobody)), Fault::kInvalidRecord);
  EXPECT_EQ(refusal(p, make_batch({"a"}, idempotent(5, -1))), Fault::kInvalidRecord);
}

TEST_F(PartitionAppendTest, RefusesBrokenRecordsBehindASoundChecksum) {
  LogPartition& p = bed_.make();
  std::string batch = make_batch({"a", "b"});
  batch[kBatchHeaderBytes] = 0x70;  // the first record's length
  set_batch_crc(batch.data(), batch.size());
  EXPECT_EQ(refusal(p, batch), Fault::kInvalidRecord);
}

TEST_F(PartitionAppendTest, RefusesBrokenRecordsInsideOfCompressedBatches) {
  LogPartition& p = bed_.make();
  const std::string plain = make_batch({"a", "b"});
  for (Codec codec : {Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    SCOPED_TRACE(codec_name(codec));
    const auto pack = [&](std::string_view records, int32_t count) {
      BatchHeader header = *parse_batch_header(plain);
      header.attributes = static_cast<uint16_t>(codec);
      header.record_count = count;
      header.last_offset_delta = count - 1;
      std::string batch(kBatchHeaderBytes, '\0');
      EXPECT_TRUE(compress_append(codec, kDefaultLevel, records, batch).ok());
      header.batch_length = static_cast<int32_t>(batch.size() - kBatchLengthOverhead);
      write_batch_header(batch.data(), header);
      set_batch_crc(batch.data(), batch.size());
      return batch;
    };
    const std::string records(plain, kBatchHeaderBytes);
    EXPECT_TRUE(append_synced(p, pack(records, 2)).ok());
    EXPECT_EQ(refusal(p, pack(records, 1)), Fault::kInvalidRecord);
    EXPECT_EQ(refusal(p, pack(records, 3)), Fault::kInvalidRecord);
    EXPECT_EQ(refusal(p, pack(records, INT32_MAX)), Fault::kInvalidRecord);
    EXPECT_EQ(refusal(p, pack("no records at all", 2)), Fault::kInvalidRecord);
    std::string garbage = pack(records, 2);
    std::fill(garbage.begin() + kBatchHeaderBytes, garbage.end(), 'x');
    set_batch_crc(garbage.data(), garbage.size());
    EXPECT_EQ(refusal(p, garbage), Fault::kCorruptBatch);
  }
  EXPECT_EQ(p.end(), Offset(8));
}

TEST_F(PartitionAppendTest, RefusesFlagsThatOnlyTheServerSets) {
  for (const char* type : {"CreateTime", "LogAppendTime"}) {
    LogPartition& p = bed_.make(type, {{"message.timestamp.type", type}});
    for (const uint16_t flag : {kAttributeAppendTime, kAttributeDeleteHorizon}) {
      std::string batch = make_batch({"a"});
      BatchHeader header = *parse_batch_header(batch);
      header.attributes |= flag;
      write_batch_header(batch.data(), header);
      set_batch_crc(batch.data(), batch.size());
      EXPECT_EQ(refusal(p, batch),
                flag == kAttributeAppendTime ? Fault::kInvalidTimestamp : Fault::kInvalidRecord);
    }
  }
}

// Otherwise its records could not be found by time, and retention would go by the wrong one.
TEST_F(PartitionAppendTest, AHeaderThatDoesNotTellOfItsRecordsTimesIsSetRight) {
  LogPartition& p = bed_.make();
  BatchShape shape;
  const int64_t now = bed_.env().now().value();
  shape.times = {now - 500, now - 20, now - 300};
  for (const int64_t wrong : {int64_t{-1}, int64_t{0}, now + 5}) {
    std::string batch = make_batch({"a", "b", "c"}, shape);
    set_max_timestamp(batch.data(), batch.size(), Timestamp(wrong));
    ASSERT_TRUE(append_synced(p, batch).ok());
  }
  auto found = p.find_by_time(Timestamp(now - 100), Isolation::kReadUncommitted);
  ASSERT_TRUE(found.ok() && found->has_value()) << found.status();
  EXPECT_EQ((*found)->offset, Offset(1));
  EXPECT_EQ((*found)->timestamp, Timestamp(now - 20));
  found = p.find_by_time(Timestamp(now), Isolation::kReadUncommitted);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_FALSE(found->has_value());
  EXPECT_EQ(consume(p, Offset(0), Isolation::kReadUncommitted)->size(), 9u);
}

TEST_F(PartitionAppendTest, EveryRecordsTimeCountsAndNoTimeIsAllowed) {
  LogPartition& p = bed_.make("t", {{"message.timestamp.before.max.ms", "5000"}});
  const int64_t now = bed_.env().now().value();
  BatchShape shape;
  shape.times = {now - 5001, now};
  EXPECT_EQ(refusal(p, make_batch({"a", "b"}, shape)), Fault::kInvalidTimestamp);
  shape.times = {-5, now};
  EXPECT_EQ(refusal(p, make_batch({"a", "b"}, shape)), Fault::kInvalidTimestamp);
  shape.times = {INT64_MIN};
  EXPECT_EQ(refusal(p, make_batch({"a"}, shape)), Fault::kInvalidTimestamp);
  shape.times = {-1};
  EXPECT_TRUE(append_synced(p, make_batch({"a"}, shape)).ok());
}

// The producer's own framing is overwritten, whatever it says.
TEST_F(PartitionAppendTest, ABaseOffsetAndEpochOfTheClientMeanNothing) {
  LogPartition& p = bed_.make();
  for (const int64_t offset : {int64_t{-7}, int64_t{1} << 40}) {
    std::string batch = make_batch({"a"});
    set_base_offset(batch.data(), Offset(offset));
    set_leader_epoch(batch.data(), LeaderEpoch(99));
    Result<AppendOutcome> outcome = append_synced(p, batch);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->next_offset, p.end());
  }
  EXPECT_EQ(p.end(), Offset(2));
  EXPECT_EQ(consume(p, Offset(0), Isolation::kReadUncommitted)->size(), 2u);
}

TEST_F(PartitionAppendTest, TheLimitHoldsForWhatIsStoredToo) {
  LogPartition& p =
      bed_.make("t", {{"max.message.bytes", "1000"}, {"compression.type", "uncompressed"}});
  BatchShape shape;
  shape.codec = Codec::kZstd;
  EXPECT_EQ(refusal(p, make_batch({std::string(5000, 'x')}, shape)), Fault::kBatchTooLarge);
  EXPECT_TRUE(append_synced(p, make_batch({std::string(500, 'x')}, shape)).ok());
}

TEST_F(PartitionAppendTest, RefusesABatchOverTheTopicsLimit) {
  LogPartition& p = bed_.make("t", {{"max.message.bytes", "200"}});
  EXPECT_EQ(refusal(p, make_batch({std::string(200, 'x')})), Fault::kBatchTooLarge);
  EXPECT_TRUE(append_synced(p, make_batch({"x"})).ok());
}

TEST_F(PartitionAppendTest, RefusesTimestampsTooFarFromTheClock) {
  LogPartition& p = bed_.make("t", {{"message.timestamp.after.max.ms", "1000"},
                                    {"message.timestamp.before.max.ms", "5000"}});
  const int64_t now = bed_.env().now().value();
  BatchShape shape;
  shape.times = {now + 1001};
  EXPECT_EQ(refusal(p, make_batch({"a"}, shape)), Fault::kInvalidTimestamp);
  shape.times = {now - 5001};
  EXPECT_EQ(refusal(p, make_batch({"a"}, shape)), Fault::kInvalidTimestamp);
  shape.times = {now + 1000};
  EXPECT_TRUE(append_synced(p, make_batch({"a"}, shape)).ok());
  shape.times = {now - 5000};
  EXPECT_TRUE(append_synced(p, make_batch({"a"}, shape)).ok());
}

TEST_F(PartitionAppendTest, ACompactedTopicNeedsKeysAlsoInsideOfCompressedBatches) {
  LogPartition& p = bed_.make("t", {{"cleanup.policy", "compact"}});
  for (Codec codec : {Codec::kNone, Codec::kLz4}) {
    BatchOptions options;
    options.codec = codec;
    BatchBuilder builder(options);
    ASSERT_TRUE(builder.add(Timestamp(1), std::nullopt, "v").ok());
    EXPECT_EQ(refusal(p, builder.finish()), Fault::kInvalidRecord);
  }
  EXPECT_TRUE(append_synced(p, make_batch({"v"})).ok());
}

TEST_F(PartitionAppendTest, StampsRecordsWhereTheTopicSaysSo) {
  LogPartition& p = bed_.make("t", {{"message.timestamp.type", "LogAppendTime"}});
  bed_.env().set_now(Timestamp(777000));
  Result<AppendOutcome> outcome = append_synced(p, make_batch({"a", "b"}, idempotent(1, 0)));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->append_time, Timestamp(777000));
  auto seen = consume(p, Offset(0), Isolation::kReadUncommitted);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ((*seen)[1].timestamp, Timestamp(777000));
  bed_.env().set_now(Timestamp(999000));
  Result<AppendOutcome> repeat = append_synced(p, make_batch({"a", "b"}, idempotent(1, 0)));
  ASSERT_TRUE(repeat.ok());
  EXPECT_TRUE(repeat->duplicate);
  EXPECT_EQ(repeat->append_time, Timestamp(777000));
}

TEST_F(PartitionAppendTest, StoresInTheTopicsCodec) {
  LogPartition& p = bed_.make("t", {{"compression.type", "zstd"}});
  const std::vector<std::string> values{std::string(500, 'a'), std::string(500, 'b')};
  Result<AppendOutcome> sent = append_synced(p, make_batch(values, idempotent(3, 0)));
  ASSERT_TRUE(sent.ok()) << sent.status();
  Result<ReadOutcome> read = p.read(Offset(0), 1 << 20, Isolation::kReadUncommitted, true);
  ASSERT_TRUE(read.ok());
  Result<BatchHeader> stored = parse_batch_header(*slice_bytes(read->slice));
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->codec(), Codec::kZstd);
  EXPECT_EQ(stored->base_sequence, 0);
  EXPECT_EQ(stored->producer_id, ProducerId(3));
  auto seen = consume(p, Offset(0), Isolation::kReadUncommitted);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(values_of(*seen), values);
  Result<AppendOutcome> repeat = append_synced(p, make_batch(values, idempotent(3, 0)));
  ASSERT_TRUE(repeat.ok()) << repeat.status();
  EXPECT_TRUE(repeat->duplicate);
}

TEST_F(PartitionAppendTest, ARepeatIsAcknowledgedWithTheFirstOffsets) {
  LogPartition& p = bed_.make();
  ASSERT_TRUE(append_synced(p, make_batch({"z"})).ok());
  ASSERT_TRUE(append_synced(p, make_batch({"a", "b"}, idempotent(1, 0))).ok());
  ASSERT_TRUE(append_synced(p, make_batch({"c"}, idempotent(1, 2))).ok());
  Result<AppendOutcome> repeat = append_synced(p, make_batch({"a", "b"}, idempotent(1, 0)));
  ASSERT_TRUE(repeat.ok()) << repeat.status();
  EXPECT_TRUE(repeat->duplicate);
  EXPECT_EQ(repeat->base_offset, Offset(1));
  EXPECT_EQ(repeat->next_offset, Offset(3));
  EXPECT_EQ(p.end(), Offset(4));
  EXPECT_EQ(refusal(p, make_batch({"x"}, idempotent(1, 9))), Fault::kOutOfOrderSequence);
}

TEST_F(PartitionAppendTest, NobodyIsToldBeforeTheBytesAreOnDisk) {
  LogPartition& p = bed_.make();
  const std::string path = bed_.files(p).front();
  std::string batch = make_batch({"a"});
  Result<AppendOutcome> outcome = append_batch(p, batch);
  ASSERT_TRUE(outcome.ok());
  ASSERT_TRUE(wait_synced(p, outcome->next_offset).ok());
  Result<std::string> durable = bed_.env().durable_content(path);
  ASSERT_TRUE(durable.ok()) << durable.status();
  set_leader_epoch(batch.data(), p.leader_epoch());
  EXPECT_EQ(*durable, batch);
}

TEST_F(PartitionAppendTest, WhatIsNotSyncedIsNotReadable) {
  LogPartition& p = bed_.make();
  std::atomic<int> syncs{0};
  std::atomic<bool> seen_early{false};
  bed_.env().set_hook([&](uint64_t, FaultOp op, const std::string& path) {
    if (op != FaultOp::kSync || !path.ends_with(".log")) return;
    ++syncs;
    if (p.high_offset() != Offset(0)) seen_early = true;
    Result<ReadOutcome> read = p.read(Offset(0), 1 << 20, Isolation::kReadUncommitted, true);
    if (!read.ok() || read->slice.length != 0) seen_early = true;
  });
  ASSERT_TRUE(append_synced(p, make_batch({"a"})).ok());
  bed_.env().set_hook(nullptr);
  EXPECT_GE(syncs, 1);
  EXPECT_FALSE(seen_early);
  EXPECT_EQ(p.high_offset(), Offset(1));
}

TEST_F(PartitionAppendTest, WaitersAreToldInOrderOfOffset) {
  LogPartition& p = bed_.make();
  std::vector<int64_t> told;
  for (int64_t next : {3, 1, 2}) {
    p.await_synced(Offset(next), [&told, next](Status) { told.push_back(next); });
  }
  ASSERT_TRUE(append_synced(p, make_batch({"a", "b", "c"})).ok());
  EXPECT_EQ(told, (std::vector<int64_t>{1, 2, 3}));
}

TEST_F(PartitionAppendTest, BeginsANewSegmentWhenTheActiveOneIsFull) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}});
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(append_synced(p, make_batch({std::string(400, 'x')})).ok());
  }
  EXPECT_EQ(p.stats().segments, 5u);
  auto seen = consume(p, Offset(0), Isolation::kReadUncommitted);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->size(), 10u);
  for (const std::string& path : bed_.files(p)) {
    EXPECT_LE(*bed_.env().file_size(path), 1024u);
    EXPECT_TRUE(bed_.env().durable_content(path).ok()) << path;
  }
}

TEST_F(PartitionAppendTest, ABatchLargerThanASegmentGetsOneOfItsOwn) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(append_synced(p, make_batch({std::string(3000, 'x')})).ok());
  }
  EXPECT_EQ(p.stats().segments, 3u);
}

TEST_F(PartitionAppendTest, BeginsANewSegmentWhenTheActiveOneIsOld) {
  LogPartition& p = bed_.make("t", {{"segment.ms", "1000"}});
  ASSERT_TRUE(append_synced(p, make_batch({"a"})).ok());
  bed_.env().advance_ms(999);
  ASSERT_TRUE(append_synced(p, make_batch({"b"})).ok());
  EXPECT_EQ(p.stats().segments, 1u);
  bed_.env().advance_ms(1);
  ASSERT_TRUE(append_synced(p, make_batch({"c"})).ok());
  EXPECT_EQ(p.stats().segments, 2u);
}

TEST_F(PartitionAppendTest, AFullDiskRefusesAndRecoversByItself) {
  LogPartition& p = bed_.make();
  ASSERT_TRUE(append_synced(p, make_batch({"a"})).ok());
  bed_.env().set_capacity(bed_.env().used_bytes() + 100);
  Result<AppendOutcome> refused = append_batch(p, make_batch({std::string(500, 'x')}));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), StatusCode::kNoSpace);
  EXPECT_EQ(fault_of(refused.status()), Fault::kStorage);
  EXPECT_EQ(p.stats().health, PartitionHealth::kWritable);
  EXPECT_EQ(values_of(*consume(p, Offset(0), Isolation::kReadUncommitted)),
            (std::vector<std::string>{"a"}));
  bed_.env().set_capacity(FaultEnv::kUnlimited);
  bed_.log().keep_house();
  Result<AppendOutcome> taken = append_synced(p, make_batch({"b"}));
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->base_offset, Offset(1));
  bed_.restart();
  EXPECT_EQ(values_of(*consume(bed_.at(), Offset(0), Isolation::kReadUncommitted)),
            (std::vector<std::string>{"a", "b"}));
}

TEST_F(PartitionAppendTest, TheReserveIsKeptFree) {
  ASSERT_TRUE(bed_.stop().ok());
  bed_.options().reserve_bytes = 10000;
  ASSERT_TRUE(bed_.open().ok());
  LogPartition& p = bed_.make();
  bed_.env().set_capacity(bed_.env().used_bytes() + 9999);
  bed_.log().keep_house();
  Result<AppendOutcome> refused = append_batch(p, make_batch({"a"}));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), StatusCode::kNoSpace);
  EXPECT_TRUE(bed_.log().delete_topic("t").ok());
  bed_.env().set_capacity(FaultEnv::kUnlimited);
}

TEST_F(PartitionAppendTest, AFailedFsyncIsFatalForThePartitionUntilARestart) {
  LogPartition& p = bed_.make();
  ASSERT_TRUE(append_synced(p, make_batch({"a"})).ok());
  bed_.env().fail(FaultOp::kSync, Status::io_error("disk"), ".log");
  Result<AppendOutcome> lost = append_synced(p, make_batch({"b"}));
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(fault_of(lost.status()), Fault::kStorage);
  bed_.env().clear_faults();
  EXPECT_EQ(p.stats().health, PartitionHealth::kSyncFailed);
  EXPECT_EQ(p.high_offset(), Offset(1));
  Result<AppendOutcome> refused = append_batch(p, make_batch({"c"}));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), StatusCode::kReadOnly);
  EXPECT_FALSE(wait_synced(p, Offset(2)).ok());
  EXPECT_EQ(values_of(*consume(p, Offset(0), Isolation::kReadUncommitted)),
            (std::vector<std::string>{"a"}));
  EXPECT_FALSE(bed_.log().close().ok()) << "must not leave the mark of a clean stop";
  EXPECT_FALSE(bed_.env().exists("data/log/clean"));
  bed_.crash_and_open();
  EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kWritable);
  EXPECT_TRUE(append_synced(bed_.at(), make_batch({"d"})).ok());
}

// The kernel counts the pages of a failed fsync as clean. A process that starts again on the same
// page cache finds them whole, and a sync of them says yes; the disk has not got them.
TEST(PartitionRestartTest, WhatAFailedFsyncLeftIsNotTrustedAfterARestart) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    LogBed bed(seed);
    ASSERT_TRUE(bed.open().ok());
    ASSERT_TRUE(append_synced(bed.make(), make_batch({"a"})).ok());
    bed.env().fail(FaultOp::kSync, Status::io_error("disk"), ".log");
    ASSERT_FALSE(append_synced(bed.at("t"), make_batch({"b"})).ok());
    ASSERT_FALSE(bed.log().close().ok());
    bed.env().clear_faults();
    bed.crash_and_open({CrashMode::kKeepAll});
    const auto found = consume(bed.at("t"), Offset(0), Isolation::kReadUncommitted);
    ASSERT_TRUE(found.ok()) << found.status();
    ASSERT_TRUE(append_synced(bed.at("t"), make_batch({"c"})).ok());
    std::vector<std::string> expected = values_of(*found);
    expected.push_back("c");
    bed.crash_and_open({CrashMode::kLoseAll});
    EXPECT_EQ(bed.at("t").stats().health, PartitionHealth::kWritable)
        << bed.at("t").stats().health_reason;
    const auto left = consume(bed.at("t"), Offset(0), Isolation::kReadUncommitted);
    ASSERT_TRUE(left.ok()) << left.status();
    EXPECT_EQ(values_of(*left), expected);
  }
}

TEST_F(PartitionAppendTest, AFailedSyncOfTheFolderIsFatalToo) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}});
  ASSERT_TRUE(append_synced(p, make_batch({std::string(900, 'x')})).ok());
  bed_.env().fail(FaultOp::kSyncDir, Status::io_error("disk"), "topics");
  EXPECT_FALSE(append_synced(p, make_batch({std::string(900, 'y')})).ok());
  EXPECT_EQ(p.stats().health, PartitionHealth::kSyncFailed);
}

TEST_F(PartitionAppendTest, AFailedWriteLeavesNoJunkWhenTruncatingFailsAsWell) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}});
  ASSERT_TRUE(append_synced(p, make_batch({"a"})).ok());
  bool partial = false;
  for (int i = 0; i < 20 && !partial; ++i) {
    bed_.env().fail(FaultOp::kWrite, Status::io_error("disk"), ".log");
    bed_.env().fail(FaultOp::kTruncate, Status::io_error("disk"), ".log");
    EXPECT_FALSE(append_batch(p, make_batch({std::string(500, 'x')})).ok());
    partial = *bed_.env().file_size(bed_.files(p).front()) > p.stats().bytes + 200;
    bed_.env().clear_faults();
  }
  ASSERT_TRUE(partial) << "no write was done in part";
  // The segment is sealed with less in it than the failed write left behind.
  ASSERT_TRUE(append_synced(p, make_batch({"b"})).ok());
  ASSERT_TRUE(append_synced(p, make_batch({std::string(960, 'y')})).ok());
  ASSERT_EQ(p.stats().segments, 2u);
  bed_.crash_and_open({CrashMode::kKeepAll});
  EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kWritable)
      << bed_.at().stats().health_reason;
  EXPECT_EQ(consume(bed_.at(), Offset(0), Isolation::kReadUncommitted)->size(), 3u);
}

TEST_F(PartitionAppendTest, ManyThreadsAppendWhileOthersRead) {
  LogPartition& p = bed_.make("t", {{"segment.bytes", "4096"}});
  constexpr int kThreads = 4, kBatches = 100;
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) {
      if (!consume(p, p.log_start(), Isolation::kReadCommitted, 3000).ok()) ++failures;
      bed_.log().keep_house();
    }
  });
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kBatches; ++i) {
        const std::string value = std::to_string(t) + ":" + std::to_string(i);
        auto out = append_synced(p, make_batch({value, value}, idempotent(t, i * 2)));
        if (!out.ok() || p.high_offset() < out->next_offset) ++failures;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  done = true;
  reader.join();
  EXPECT_EQ(failures, 0);
  auto seen = consume(p, Offset(0), Isolation::kReadUncommitted);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->size(), static_cast<size_t>(kThreads * kBatches * 2));
  EXPECT_TRUE(p.verify(nullptr).ok());
}

}  // namespace
}  // namespace dataflow::log
