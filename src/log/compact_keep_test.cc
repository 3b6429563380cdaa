// What compaction keeps, for how long, and when it runs: transactions' ends, producers, tombstones,
// lags. Each against the simulated clock.
#include <gtest/gtest.h>

#include "compact_bed.h"
#include "log/fault.h"

namespace dataflow::log {
namespace {

constexpr int64_t kHour = 3600 * 1000;

class CompactKeepTest : public CompactBed {
 protected:
  void make(const ConfigOverrides& more = {}) {
    ConfigOverrides all{{"segment.ms", "999999999999"}, {"delete.retention.ms", "3600000"}};
    for (const auto& [name, value] : more) all[name] = value;
    bed_.make("t", compacted(all));
  }
  // A pass over everything that was written before.
  void pass() {
    seal();
    seal();
    keep_house();
  }
  Fault sent_again(BatchShape shape, bool* duplicate = nullptr) {
    shape.key = "again";
    Result<AppendOutcome> outcome = append_synced(bed_.at(), make_batch({"again"}, shape));
    if (duplicate != nullptr) *duplicate = outcome.ok() && outcome->duplicate;
    return fault_of(outcome.status());
  }
};

TEST_F(CompactKeepTest, AnEndStaysWhileARecordOfItsTransactionIsThere) {
  make();
  add("k", "v", transactional(1, 0));
  const Offset marker = end(1, true);
  for (int i = 0; i < 3; ++i) {
    pass();
    bed_.env().advance_ms(2 * kHour);
  }
  EXPECT_TRUE(record_at(marker));
  EXPECT_EQ(seen(), Strings{"v"});
  lose_checkpoint();
  EXPECT_EQ(bed_.at().last_stable(), bed_.at().high_offset());
  EXPECT_EQ(seen(), Strings{"v"});
}

TEST_F(CompactKeepTest, AnEndGoesAfterTheRetentionOfDeletesOnceItsTransactionIsEmpty) {
  for (bool commit : {true, false}) {
    const std::string topic = commit ? "commit" : "abort";
    SCOPED_TRACE(topic);
    make();
    add("k", "old", transactional(1, 0));
    const Offset marker = end(1, commit);
    // So that it is not this one which tells of the producer.
    add("other", "x", transactional(1, 1));
    end(1, true);
    add("k", "new");
    pass();
    ASSERT_TRUE(record_at(marker));
    EXPECT_FALSE(record_at(marker)->has_delete_horizon()) << "the pass still read of it";
    pass();
    ASSERT_TRUE(record_at(marker));
    EXPECT_TRUE(record_at(marker)->has_delete_horizon());
    EXPECT_EQ(record_at(marker)->first_timestamp, bed_.env().now() + kHour);
    bed_.env().advance_ms(kHour - 1);
    pass();
    EXPECT_TRUE(record_at(marker)) << "a millisecond too early";
    bed_.env().advance_ms(1);
    pass();
    EXPECT_FALSE(record_at(marker));
    EXPECT_EQ(seen(), (Strings{"x", "new"}));
    lose_checkpoint();
    EXPECT_EQ(bed_.at().last_stable(), bed_.at().high_offset());
    EXPECT_EQ(seen(), (Strings{"x", "new"}));
    ASSERT_TRUE(bed_.log().delete_topic("t").ok());
  }
}

// A client takes everything from an aborted transaction's first offset to its end as aborted.
TEST_F(CompactKeepTest, NobodyIsToldOfAnAbortedTransactionWhoseEndIsGone) {
  make({{"delete.retention.ms", "0"}});
  add("k", "aborted", transactional(1, 0));
  const Offset marker = end(1, false);
  add("k", "committed", transactional(1, 1));
  end(1, true);
  EXPECT_EQ(aborted().size(), 1u);
  bool gone = false;
  for (int i = 0; i < 6; ++i) {
    pass();
    EXPECT_EQ(seen(), Strings{"committed"});
    gone = !record_at(marker);
    EXPECT_TRUE(!gone || aborted().empty());
    // What was told before must not come back with what is on disk.
    bed_.crash_and_open({CrashMode::kLoseAll});
    EXPECT_EQ(seen(), Strings{"committed"}) << "pass " << i;
  }
  EXPECT_TRUE(gone);
}

TEST_F(CompactKeepTest, ACheckpointThatStillTellsOfTheTransactionKeepsItsEnd) {
  make({{"delete.retention.ms", "0"}});
  add("k", "aborted", transactional(1, 0));
  const Offset marker = end(1, false);
  add("k", "committed", transactional(1, 1));
  end(1, true);
  pass();
  const std::string path = bed_.at().dir() + "/checkpoint";
  const std::string before = *bed_.env().read_file(path, 1 << 20);
  pass();  // writes the horizon
  ASSERT_TRUE(record_at(marker) && record_at(marker)->has_delete_horizon());
  ASSERT_TRUE(aborted().empty());
  ASSERT_TRUE(bed_.stop().ok());
  ASSERT_TRUE(bed_.env().write_file_durably(path, before).ok());
  ASSERT_TRUE(bed_.open().ok());
  EXPECT_EQ(aborted().size(), 1u);
  EXPECT_EQ(seen(), Strings{"committed"});
  pass();
  EXPECT_TRUE(record_at(marker)) << "the checkpoint on disk told of it";
  EXPECT_TRUE(aborted().empty());
  EXPECT_EQ(seen(), Strings{"committed"});
  pass();
  EXPECT_FALSE(record_at(marker));
  EXPECT_EQ(seen(), Strings{"committed"});
}

TEST_F(CompactKeepTest, TheEndThatTellsOfAProducersEpochStays) {
  make({{"delete.retention.ms", "0"}});
  add("k", "aborted", transactional(1, 0, 3));
  const Offset marker = end(1, false, 4);  // as a coordinator does that fences the producer
  add("k", "new");
  for (int i = 0; i < 4; ++i) pass();
  ASSERT_TRUE(record_at(marker));
  lose_checkpoint();
  EXPECT_EQ(sent_again(transactional(1, 1, 3)), Fault::kInvalidProducerEpoch);
}

TEST_F(CompactKeepTest, AProducerIsKnownThoughNothingOfItIsLeft) {
  make();
  for (int32_t i = 0; i < 3; ++i) add("k", "v", idempotent(1, i));
  const Offset last = add("k", "last", idempotent(1, 3));
  add("k", "of another one");
  pass();
  EXPECT_FALSE(record_at(last));
  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(round);
    if (round == 0) bed_.restart();
    if (round == 1) lose_checkpoint();
    bool duplicate = false;
    EXPECT_EQ(sent_again(idempotent(1, 3), &duplicate), Fault::kNone);
    EXPECT_TRUE(duplicate) << "it was written twice";
    EXPECT_EQ(sent_again(idempotent(1, 5)), Fault::kOutOfOrderSequence);
    EXPECT_EQ(sent_again(idempotent(1, 0, -1)), Fault::kInvalidRecord);
  }
  EXPECT_EQ(sent_again(idempotent(1, 4)), Fault::kNone);
  // Now it is this batch that tells of the producer.
  pass();
  for (const BatchHeader& batch : batches()) {
    EXPECT_FALSE(batch.record_count == 0 && batch.has_producer_id());
  }
}

TEST_F(CompactKeepTest, AnAbortedProducerIsKnownThoughNothingOfItIsLeft) {
  make({{"delete.retention.ms", "0"}});
  add("k", "aborted", transactional(1, 0));
  add("k", "aborted too", transactional(1, 1));
  end(1, false);
  for (int i = 0; i < 4; ++i) pass();
  EXPECT_TRUE(seen().empty());
  lose_checkpoint();
  EXPECT_EQ(bed_.at().last_stable(), bed_.at().high_offset()) << "its transaction is open again";
  bool duplicate = false;
  EXPECT_EQ(sent_again(transactional(1, 1), &duplicate), Fault::kNone);
  EXPECT_TRUE(duplicate);
  EXPECT_TRUE(seen().empty());
}

TEST_F(CompactKeepTest, AProducerThatExpiredLeavesNothing) {
  bed_.options().producer_id_expiration_ms = 1000;
  bed_.restart();
  make({{"delete.retention.ms", "0"}});
  add("k", "v", transactional(1, 0));
  end(1, true);
  add("k", "new");
  bed_.env().advance_ms(1001);
  for (int i = 0; i < 4; ++i) pass();
  for (const BatchHeader& batch : batches()) EXPECT_FALSE(batch.has_producer_id());
  EXPECT_EQ(seen(), Strings{"new"});
}

TEST_F(CompactKeepTest, ATombstoneStaysForItsFullTimeFromTheFirstPassOn) {
  make();
  add("k", "v");
  const Offset tombstone = add_tombstone("k");
  bed_.env().advance_ms(10 * kHour);  // the time before the first pass does not count
  pass();
  EXPECT_EQ(seen(), Strings{""});
  ASSERT_TRUE(record_at(tombstone) && record_at(tombstone)->has_delete_horizon());
  EXPECT_EQ(record_at(tombstone)->first_timestamp, bed_.env().now() + kHour);
  bed_.env().advance_ms(kHour - 1);
  bed_.restart();
  pass();
  EXPECT_TRUE(record_at(tombstone)) << "a consumer that reads from the start must see it";
  bed_.env().advance_ms(1);
  pass();
  EXPECT_FALSE(record_at(tombstone));
  EXPECT_TRUE(seen().empty());
}

TEST_F(CompactKeepTest, ATombstoneOfForEverIsOne) {
  make({{"delete.retention.ms", "9223372036854775807"}});
  add("k", "v");
  const Offset tombstone = add_tombstone("k");
  for (int i = 0; i < 3; ++i) {
    pass();
    bed_.env().advance_ms(1000 * kHour);
  }
  EXPECT_TRUE(record_at(tombstone));
}

// The horizon may take no more bytes than the time that stood in its place.
TEST_F(CompactKeepTest, AHorizonIsWrittenAlsoWhereTheSizeStaysTheSame) {
  make({{"delete.retention.ms", "0"}});
  const Offset tombstone = add_tombstone("k");
  seal();
  seal();
  const uint64_t bytes = bed_.at().stats().bytes;
  keep_house();
  ASSERT_TRUE(record_at(tombstone));
  EXPECT_TRUE(record_at(tombstone)->has_delete_horizon()) << bytes;
  bed_.env().advance_ms(1);
  pass();
  EXPECT_FALSE(record_at(tombstone));
}

TEST_F(CompactKeepTest, TheShortestLagKeepsSegmentsOutThatHaveAYoungRecord) {
  make({{"min.compaction.lag.ms", "1000"}});
  add("k", "old");
  seal();
  bed_.env().advance_ms(500);
  add("k", "new");
  seal();
  seal();
  bed_.env().advance_ms(499);
  keep_house();
  EXPECT_EQ(seen(), (Strings{"old", "new"}));
  // The first segment may go now, the one that supersedes its record not yet.
  bed_.env().advance_ms(1);
  keep_house();
  EXPECT_EQ(seen(), (Strings{"old", "new"}));
  bed_.env().advance_ms(500);
  keep_house();
  EXPECT_EQ(seen(), Strings{"new"});
}

TEST_F(CompactKeepTest, TheLagCountsFromTheRecordsTimesNotFromTheirArrival) {
  make({{"min.compaction.lag.ms", "1000"}, {"message.timestamp.before.max.ms", "99999999"}});
  BatchShape old;
  old.times = {bed_.env().now().value() - 5000};
  add("k", "v0", old);
  add("k", "v1", old);
  BatchShape filling = old;
  for (int i = 0; i < 2; ++i) add("filling", std::string(1000, 'f'), filling);
  keep_house();
  EXPECT_EQ(seen(), Strings{"v1"});
}

TEST_F(CompactKeepTest, WhatWasCompactedOnceIsNotKeptOutByALag) {
  make();
  BatchShape old;
  old.times = {bed_.env().now().value() - 5000};
  add("k", "v0");
  seal();
  add("filling", std::string(1000, 'f'), old);
  keep_house();
  Status set = bed_.log().set_topic_config(
      "t", compacted({{"min.compaction.lag.ms", "1000"}, {"segment.ms", "999999999999"}}));
  ASSERT_TRUE(set.ok()) << set;
  add("k", "v1", old);
  for (int i = 0; i < 2; ++i) add("filling", std::string(1000, 'f'), old);
  keep_house();
  EXPECT_EQ(seen(), Strings{"v1"});
}

TEST_F(CompactKeepTest, TheRatioOfWhatIsNotCompactedMustBeAboveTheLimit) {
  make({{"min.cleanable.dirty.ratio", "0.5"}});
  const std::string large(960, 'v');  // each one a segment
  add("a", large);
  add("b", large);
  keep_house();  // the first one; the second is still written to
  const uint64_t one = bed_.at().stats().bytes / 2;
  add("a", large);
  ASSERT_EQ(bed_.at().stats().bytes, 3 * one);
  keep_house();  // one compacted, one not
  add("c", large);
  EXPECT_EQ(seen().size(), 4u) << "half is not more than half";
  keep_house();  // one compacted, two not
  EXPECT_EQ(seen().size(), 3u);
}

TEST_F(CompactKeepTest, ARecordWaitsNoLongerThanTheLongestLag) {
  make({{"min.cleanable.dirty.ratio", "1"}, {"max.compaction.lag.ms", "1000"}});
  add("k", "old");
  bed_.env().advance_ms(100);
  add("k", "new");
  bed_.env().advance_ms(899);
  keep_house();
  EXPECT_EQ(seen(), (Strings{"old", "new"}));
  // Nothing is written any more: the segment is ended by its age, and taken.
  bed_.env().advance_ms(1);
  keep_house();
  EXPECT_EQ(seen(), (Strings{"old", "new"})) << "it is not older than that";
  bed_.env().advance_ms(1);
  keep_house();
  EXPECT_EQ(seen(), Strings{"new"});
}

TEST_F(CompactKeepTest, TheLongestLagCountsFromASegmentsFirstRecord) {
  make({{"min.cleanable.dirty.ratio", "1"}, {"max.compaction.lag.ms", "1000"}});
  add("k", "old");
  bed_.env().advance_ms(900);
  add("k", "new");
  bed_.env().advance_ms(101);
  // The segment is ended by the next record; its last one is 101 ms old.
  seal();
  keep_house();
  EXPECT_EQ(seen(), Strings{"new"});
}

TEST_F(CompactKeepTest, DeleteAndCompactDoBoth) {
  make({{"cleanup.policy", "compact,delete"}, {"retention.ms", "7200000"}});
  add("a", "a0");
  add("a", "a1");
  pass();
  EXPECT_EQ(seen(), Strings{"a1"});
  bed_.env().advance_ms(kHour);
  add("b", "b0");
  seal();
  seal();
  bed_.env().advance_ms(kHour + 1);
  keep_house();
  EXPECT_EQ(seen(), Strings{"b0"}) << "what is older than the retention is gone, compacted or not";
  EXPECT_GT(bed_.at().log_start(), Offset(0));
  bed_.env().advance_ms(3 * kHour);
  keep_house();
  EXPECT_TRUE(seen().empty());
  EXPECT_EQ(bed_.at().log_start(), bed_.at().high_offset());
}

TEST_F(CompactKeepTest, RecordsKeepTheirTimesInTheTopicsOwnCodecAndTime) {
  make({{"compression.type", "zstd"},
        {"message.timestamp.type", "LogAppendTime"},
        {"segment.ms", "1000"}});
  BatchBuilder builder;
  ASSERT_TRUE(builder.add(Timestamp(5), "k", "gone").ok());
  ASSERT_TRUE(builder.add(Timestamp(6), "other", std::string(300, 'o')).ok());
  ASSERT_TRUE(append_synced(bed_.at(), builder.finish()).ok());
  const Timestamp appended = bed_.env().now();
  bed_.env().advance_ms(77);
  add("k", "new");
  bed_.env().advance_ms(1000);  // the segment ends by its age
  keep_house();
  const std::optional<BatchHeader> kept = record_at(Offset(0));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->record_count, 1);
  EXPECT_EQ(kept->codec(), Codec::kZstd);
  EXPECT_TRUE(kept->is_log_append_time());
  EXPECT_EQ(kept->max_timestamp, appended);
}

}  // namespace
}  // namespace dataflow::log
