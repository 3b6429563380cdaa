// What compaction leaves, as clients see it.
#include <gtest/gtest.h>

#include "log/fault.h"
#include "log_test_bed.h"

namespace dataflow::log {
namespace {

using Strings = std::vector<std::string>;

const ConfigOverrides kCompacted{{"cleanup.policy", "compact"},
                                 {"segment.bytes", "1024"},
                                 {"min.cleanable.dirty.ratio", "0.01"}};

class PartitionCompactTest : public testing::Test {
 protected:
  void SetUp() override {
    Status opened = bed_.open();
    ASSERT_TRUE(opened.ok()) << opened;
  }
  Offset add(const std::string& key, const std::string& value, BatchShape shape = {}) {
    shape.key = key;
    Result<AppendOutcome> outcome = append_synced(bed_.at(), make_batch({value}, shape));
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? outcome->base_offset : Offset(-1);
  }
  Offset end(int64_t producer, bool commit) {
    auto marker = bed_.at().append_marker(ProducerId(producer), ProducerEpoch(0), commit, 0);
    EXPECT_TRUE(marker.ok()) << marker.status();
    EXPECT_TRUE(wait_synced(bed_.at(), marker->next_offset).ok());
    return marker->base_offset;
  }
  // What every read from `from` on answers until the readable end: how many records in each slice.
  std::vector<int> records_of_reads(uint32_t max_bytes, Isolation isolation) {
    LogPartition& p = bed_.at();
    std::vector<int> counts;
    for (Offset next = p.log_start(); counts.size() < 1000;) {
      Result<ReadOutcome> read = p.read(next, max_bytes, isolation, true);
      EXPECT_TRUE(read.ok()) << read.status();
      if (!read.ok() || read->slice.length == 0) break;
      const std::string bytes = *slice_bytes(read->slice);
      counts.push_back(0);
      for (size_t at = 0; at < bytes.size();) {
        const BatchHeader header = *parse_batch_header(std::string_view(bytes).substr(at));
        counts.back() += header.record_count;
        next = header.next_offset();
        at += header.total_bytes();
      }
    }
    return counts;
  }

  LogBed bed_;
};

TEST_F(PartitionCompactTest, NoReadAnswersOnlyWithGapsWhileARecordIsBehindThem) {
  bed_.make("t", kCompacted);
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
  LogPartition& p = bed_.make("t", kCompacted);
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

}  // namespace
}  // namespace dataflow::log
