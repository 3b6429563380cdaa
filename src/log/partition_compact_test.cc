// What compaction leaves, as clients see it.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "compact_bed.h"
#include "log/fault.h"

namespace dataflow::log {
namespace {

using PartitionCompactTest = CompactBed;

TEST_F(PartitionCompactTest, NoReadAnswersOnlyWithGapsWhileARecordIsBehindThem) {
  bed_.make("t", compacted());
  // Gaps of several leader epochs in one segment, and several such segments one behind the other.
  for (int epoch = 0; epoch < 12; ++epoch) {
    for (int i = 0; i < 4; ++i) add("k", std::string(100, 'x'));
    bed_.crash_and_open({CrashMode::kKeepAll});
  }
  add("k", "last");
  bed_.log().keep_house();
  ASSERT_LT(bed_.at().stats().bytes, 2000u);
  for (uint32_t max_bytes : {1u, 61u, 122u, 200u, 1u << 20}) {
    for (Isolation isolation : {Isolation::kReadUncommitted, Isolation::kReadCommitted}) {
      const std::vector<int> counts = records_of_reads(max_bytes, isolation);
      ASSERT_FALSE(counts.empty());
      for (int count : counts) EXPECT_GT(count, 0) << "max_bytes " << max_bytes;
    }
  }
  auto seen = consume(bed_.at(), Offset(0), Isolation::kReadCommitted, 61);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(values_of(*seen).back(), "last");
}

TEST_F(PartitionCompactTest, GapsAtTheReadableEndMoveAClientOnToIt) {
  LogPartition& p = bed_.make("t", compacted());
  int32_t first = 0, second = 0;
  add("k", "kept");
  while (p.stats().segments < 4) add("a", std::string(200, 'x'), transactional(1, first++));
  end(1, false);
  while (p.stats().segments < 6) {
    add("b", std::string(200, 'x'), transactional(2, second++));
  }
  bed_.log().keep_house();
  // Behind the aborted transaction's end there is only an open one.
  const Offset stable = p.last_stable();
  ASSERT_GT(stable, Offset(8));
  auto seen = consume(p, Offset(0), Isolation::kReadCommitted);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(values_of(*seen), Strings{"kept"});
  for (Offset from(1); from < stable; from = from + 1) {
    Result<ReadOutcome> read = p.read(from, 1 << 20, Isolation::kReadCommitted, true);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_GT(read->slice.length, 0u) << "a client at " << from.value() << " does not move on";
  }
}

TEST_F(PartitionCompactTest, SmallNeighboursBecomeOneSegment) {
  LogPartition* p = &bed_.make("t", compacted({{"segment.bytes", "4096"}}));
  for (int i = 0; i < 200; ++i) add("k" + std::to_string(i % 3), std::string(400, 'v'));
  const size_t before = p->stats().segments;
  ASSERT_GT(before, 20u);
  keep_house();
  // The joined one, perhaps one that did not fit, and the one that is written to.
  EXPECT_LE(p->stats().segments, 3u);
  EXPECT_EQ(bed_.files(*p).size(), p->stats().segments);
  EXPECT_TRUE(bed_.files(*p, ".joined").empty() && bed_.files(*p, ".cleaned").empty());
  // One gap, in the place of some hundred.
  std::vector<BatchHeader> all = batches();
  EXPECT_EQ(all.front().record_count, 0);
  EXPECT_GT(all.front().last_offset(), Offset(150));
  const Strings values = seen();
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(p->verify(nullptr).ok());
    EXPECT_EQ(p->high_offset(), Offset(200));
    EXPECT_EQ(seen(), values);
    if (round == 0) bed_.crash_and_open({CrashMode::kLoseAll});
    p = &bed_.at();
  }
}

TEST_F(PartitionCompactTest, TheNumberOfFilesStaysBoundedOverManyPasses) {
  bed_.make("t", compacted({{"segment.bytes", "4096"}}));
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 25; ++i) add("k" + std::to_string(i % 5), std::string(400, 'v'));
    keep_house();
    EXPECT_LE(bed_.at().stats().segments, 5u) << "round " << round;
  }
  EXPECT_EQ(seen().size() >= 5, true);
}

TEST_F(PartitionCompactTest, SegmentsThatDoNotFitTogetherStayApart) {
  LogPartition& p = bed_.make("t", compacted({{"segment.bytes", "1024"}}));
  for (int i = 0; i < 8; ++i) add("k" + std::to_string(i), std::string(700, 'v'));
  keep_house();
  EXPECT_EQ(p.stats().segments, 8u);
  EXPECT_EQ(seen().size(), 8u);
}

TEST_F(PartitionCompactTest, AReaderGoesOnWithTheSegmentsThatWereReplaced) {
  LogPartition& p = bed_.make("t", compacted());
  for (int i = 0; i < 30; ++i) add("k", "v" + std::to_string(i) + std::string(100, '.'));
  std::vector<std::pair<Offset, ReadOutcome>> held;
  for (Offset from(0); from < Offset(30); from = from + 4) {
    held.emplace_back(from, *p.read(from, 1 << 20, Isolation::kReadUncommitted, true));
  }
  keep_house();
  ASSERT_LT(p.stats().segments, 4u);
  for (const auto& [from, outcome] : held) {
    Result<std::string> bytes = slice_bytes(outcome.slice);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    const BatchHeader first = *parse_batch_header(*bytes);
    EXPECT_EQ(first.base_offset, from);
    EXPECT_EQ(first.record_count, 1);
    EXPECT_TRUE(batch_crc_ok(std::string_view(*bytes).substr(0, first.total_bytes())));
  }
}

// Reads once from the log's start to its end. A gap may have grown around the place of a reader: it
// is answered whole, as every batch is.
Status read_through(Partition& partition, uint32_t max_bytes) {
  for (Offset next = partition.log_start(); true;) {
    DF_ASSIGN_OR_RETURN(ReadOutcome read,
                        partition.read(next, max_bytes, Isolation::kReadCommitted, true));
    if (read.slice.length == 0) return {};
    DF_ASSIGN_OR_RETURN(std::string bytes, slice_bytes(read.slice));
    for (size_t at = 0; at < bytes.size();) {
      const std::string_view rest = std::string_view(bytes).substr(at);
      DF_ASSIGN_OR_RETURN(BatchHeader header, parse_batch_header(rest));
      if (header.last_offset() < next) return Status::internal("an offset that was read before");
      if (!batch_crc_ok(rest.substr(0, header.total_bytes()))) return Status::internal("a bad CRC");
      next = header.next_offset();
      at += header.total_bytes();
    }
  }
}

TEST_F(PartitionCompactTest, ReadersAndDeletersRunBesideCompaction) {
  bed_.make("t", compacted());
  auto partition = bed_.log().partition("t", PartitionIndex(0));
  std::atomic<bool> done{false};
  Status wrong;
  std::thread reader([&] {
    while (!done && wrong.ok()) {
      for (uint32_t max_bytes : {100u, 1u << 20}) {
        Status read = read_through(*partition, max_bytes);
        // The deleter was there first.
        if (!read.ok() && fault_of(read) != Fault::kOffsetOutOfRange) wrong = read;
      }
    }
  });
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 6; ++i) add("k" + std::to_string(i % 3), std::string(300, 'v'));
    std::thread deleter([&] {
      if (round % 5 == 4) (void)partition->delete_records(partition->high_offset() - 3).ok();
    });
    keep_house();
    deleter.join();
  }
  done = true;
  reader.join();
  EXPECT_TRUE(wrong.ok()) << wrong;
  EXPECT_TRUE(partition->verify(nullptr).ok());
  EXPECT_EQ(partition->stats().health, PartitionHealth::kWritable);
}

TEST_F(PartitionCompactTest, AJoinThatFailsHalfwayStopsWritesUntilAStartFinishesIt) {
  LogPartition* p = &bed_.make("t", compacted());
  for (int i = 0; i < 30; ++i) add("k", std::string(100, 'v'));
  // The first one decides; the second one puts it in its place.
  bed_.env().fail(FaultOp::kRename, Status::io_error("no luck"), ".joined", 2);
  keep_house();
  bed_.env().clear_faults();
  EXPECT_EQ(p->stats().health, PartitionHealth::kSyncFailed);
  const Strings left = seen();
  EXPECT_FALSE(left.empty()) << "readers still have the old segments";
  bed_.crash_and_open({CrashMode::kKeepAll});
  p = &bed_.at();
  EXPECT_EQ(p->stats().health, PartitionHealth::kWritable) << p->stats().health_reason;
  EXPECT_TRUE(bed_.files(*p, ".joined").empty());
  EXPECT_EQ(seen(), left);
  EXPECT_EQ(p->high_offset(), Offset(30));
  EXPECT_TRUE(p->verify(nullptr).ok());
}

// An index is trusted by the size of its log, and a rewritten log may have the size of the old one.
TEST_F(PartitionCompactTest, NoIndexOfTheOldSegmentIsLeftBesideTheNewOne) {
  LogPartition* p = &bed_.make("t", compacted({{"index.interval.bytes", "1"}}));
  // Every fourth record goes, so that no two of what is left fit into one segment.
  for (int i = 0; i < 16; ++i) {
    add(i % 4 == 0 ? "again" : "k" + std::to_string(i), std::string(150, 'v'));
  }
  seal();
  seal();
  const size_t segments = p->stats().segments;
  const std::string first = p->dir() + "/" + segment_file_name(Offset(0), ".index");
  ASSERT_TRUE(p->write_checkpoint().ok());
  ASSERT_TRUE(bed_.env().exists(first));
  bed_.env().fail(FaultOp::kRename, Status::io_error("no luck"), first, 1, FaultEnv::kAlways);
  keep_house();
  bed_.env().clear_faults();
  EXPECT_FALSE(bed_.env().exists(first));
  EXPECT_EQ(p->stats().segments, segments);
  EXPECT_EQ(seen().size(), 13u);
  bed_.crash_and_open({CrashMode::kKeepAll});
  EXPECT_EQ(seen().size(), 13u);
  EXPECT_TRUE(bed_.at().verify(nullptr).ok());
}

TEST_F(PartitionCompactTest, AFullDiskLeavesNothingOfAPassBehind) {
  LogPartition& p = bed_.make("t", compacted({{"segment.bytes", "100000"}}));
  for (int i = 0; i < 200; ++i) add("k" + std::to_string(i % 150), std::string(1000, 'v'));
  bed_.env().set_capacity(bed_.env().used_bytes() + 50000);
  keep_house();
  EXPECT_TRUE(bed_.files(p, ".cleaned").empty());
  EXPECT_EQ(p.stats().health, PartitionHealth::kWritable);
  bed_.env().set_capacity(FaultEnv::kUnlimited);
  EXPECT_EQ(seen().size(), 200u);
  keep_house();
  EXPECT_LT(seen().size(), 200u);
}

TEST_F(PartitionCompactTest, WhatIsCompactedIsKnownAfterARestart) {
  bed_.make("t", compacted());
  for (int i = 0; i < 30; ++i) add("k" + std::to_string(i % 4), std::string(200, 'v'));
  keep_house();
  ASSERT_EQ(work_of_housekeeping(), 0u);
  bed_.restart();
  EXPECT_EQ(work_of_housekeeping(), 0u);
  bed_.crash_and_open({CrashMode::kLoseAll});
  EXPECT_EQ(work_of_housekeeping(), 0u);
  for (int i = 0; i < 10; ++i) add("k", std::string(200, 'v'));
  EXPECT_GT(work_of_housekeeping(), 0u);
}

TEST_F(PartitionCompactTest, OneBatchWithTooManyKeysIsNotTriedForEver) {
  bed_.options().clean_memory_bytes = 1;  // then 1024 keys
  bed_.restart();
  LogPartition& p = bed_.make("t", compacted());
  BatchBuilder builder;
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(builder.add(bed_.env().now(), "k" + std::to_string(i), "v").ok());
  }
  ASSERT_TRUE(append_synced(p, builder.finish()).ok());
  seal();
  const uint64_t bytes = p.stats().bytes;
  Status compacted = p.compact();
  EXPECT_EQ(compacted.code(), StatusCode::kTooLarge) << compacted;
  EXPECT_EQ(p.stats().bytes, bytes);
}

}  // namespace
}  // namespace dataflow::log
