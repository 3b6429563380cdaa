// Reading: whole batches from any offset, isolation, times, epochs, listeners.
#include <gtest/gtest.h>

#include <atomic>

#include "log/fault.h"
#include "log_test_bed.h"

namespace dataflow::log {
namespace {

using Strings = std::vector<std::string>;

class CountingListener : public AdvanceListener {
 public:
  void on_advance() override { ++count; }
  std::atomic<int> count{0};
};

class PartitionReadTest : public testing::Test {
 protected:
  void SetUp() override {
    Status opened = bed_.open();
    ASSERT_TRUE(opened.ok()) << opened;
  }
  AppendOutcome add(LogPartition& p, const Strings& values, const BatchShape& shape = {}) {
    Result<AppendOutcome> outcome = append_synced(p, make_batch(values, shape));
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? *outcome : AppendOutcome{};
  }
  AppendOutcome end(LogPartition& p, int64_t producer, bool commit, int16_t epoch = 0) {
    Result<AppendOutcome> marker =
        p.append_marker(ProducerId(producer), ProducerEpoch(epoch), commit, 0);
    EXPECT_TRUE(marker.ok()) << marker.status();
    EXPECT_TRUE(wait_synced(p, marker->next_offset).ok());
    return *marker;
  }
  Strings committed(LogPartition& p, int64_t from = 0) {
    auto seen = consume(p, Offset(from), Isolation::kReadCommitted);
    EXPECT_TRUE(seen.ok()) << seen.status();
    return seen.ok() ? values_of(*seen) : Strings{};
  }
  ReadOutcome read(LogPartition& p, int64_t from, uint32_t max, bool at_least_one = true) {
    Result<ReadOutcome> outcome =
        p.read(Offset(from), max, Isolation::kReadUncommitted, at_least_one);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? *outcome : ReadOutcome{};
  }
  std::optional<OffsetAtTime> at_time(LogPartition& p, int64_t time) {
    auto found = p.find_by_time(Timestamp(time), Isolation::kReadUncommitted);
    EXPECT_TRUE(found.ok()) << found.status();
    return *found;
  }

  LogBed bed_;
};

TEST_F(PartitionReadTest, AnOffsetInsideOfABatchGivesTheWholeBatch) {
  LogPartition& p = bed_.make();
  add(p, {"a", "b", "c"});
  add(p, {"d"});
  std::string bytes = *slice_bytes(read(p, 2, 1 << 20).slice);
  EXPECT_EQ(parse_batch_header(bytes)->base_offset, Offset(0));
  EXPECT_EQ(values_of(*consume(p, Offset(2), Isolation::kReadUncommitted)), (Strings{"c", "d"}));
}

TEST_F(PartitionReadTest, TheEndGivesNothingAndBeyondItIsOutOfRange) {
  LogPartition& p = bed_.make();
  EXPECT_EQ(read(p, 0, 100).slice.length, 0u);
  add(p, {"a"});
  EXPECT_EQ(read(p, 1, 100).slice.length, 0u);
  for (int64_t offset : {2, -1}) {
    auto wrong = p.read(Offset(offset), 100, Isolation::kReadUncommitted, true);
    ASSERT_FALSE(wrong.ok());
    EXPECT_EQ(fault_of(wrong.status()), Fault::kOffsetOutOfRange);
  }
}

TEST_F(PartitionReadTest, StaysWithinTheLimitButForTheFirstBatch) {
  LogPartition& p = bed_.make("t", {{"index.interval.bytes", "1"}});
  std::vector<uint32_t> sizes;
  for (int i = 0; i < 6; ++i) {
    const std::string value(50 + i, 'x');
    sizes.push_back(static_cast<uint32_t>(make_batch({value}).size()));
    add(p, {value});
  }
  EXPECT_EQ(read(p, 0, sizes[0] + sizes[1] + sizes[2] - 1).slice.length, sizes[0] + sizes[1]);
  EXPECT_EQ(read(p, 0, sizes[0] + sizes[1] + sizes[2]).slice.length,
            sizes[0] + sizes[1] + sizes[2]);
  EXPECT_EQ(read(p, 2, 1).slice.length, sizes[2]);
  EXPECT_EQ(read(p, 2, 1, false).slice.length, 0u);
  EXPECT_EQ(read(p, 2, sizes[2], false).slice.length, sizes[2]);
  EXPECT_EQ(read(p, 0, UINT32_MAX).slice.length,
            sizes[0] + sizes[1] + sizes[2] + sizes[3] + sizes[4] + sizes[5]);
}

TEST_F(PartitionReadTest, EveryOffsetIsFoundOverManySegmentsHotAndCold) {
  LogPartition* p = &bed_.make("t", {{"segment.bytes", "1200"}, {"index.interval.bytes", "300"}});
  for (int i = 0; i < 60; ++i) {
    add(*p, {"a" + std::to_string(i), "b" + std::to_string(i), "c" + std::to_string(i)});
  }
  for (int round = 0; round < 3; ++round) {
    ASSERT_GT(p->stats().segments, 3u);
    for (int64_t from = 0; from < 180; ++from) {
      auto seen = consume(*p, Offset(from), Isolation::kReadUncommitted, 500);
      ASSERT_TRUE(seen.ok()) << seen.status();
      ASSERT_EQ(seen->size(), static_cast<size_t>(180 - from));
      ASSERT_EQ((*seen)[0].offset, Offset(from));
    }
    if (round == 0) bed_.restart();
    if (round == 1) bed_.crash_and_open({CrashMode::kLoseAll});
    p = &bed_.at();
  }
}

TEST_F(PartitionReadTest, ALostIndexIsMadeAnew) {
  LogPartition* p = &bed_.make("t", {{"segment.bytes", "4000"}, {"index.interval.bytes", "100"}});
  for (int i = 0; i < 60; ++i) add(*p, {"a" + std::to_string(i)});
  bed_.restart();
  std::vector<std::string> indexes = bed_.files(bed_.at(), ".index");
  ASSERT_FALSE(indexes.empty());
  // A sound head and a torn body: what a power loss leaves of a file that is never synced.
  ASSERT_TRUE(bed_.env().flip_bit(indexes[0], kIndexHeadBytes + 3).ok());
  bed_.restart();
  p = &bed_.at();
  for (int64_t from = 0; from < 60; ++from) {
    ASSERT_EQ(consume(*p, Offset(from), Isolation::kReadUncommitted)->size(),
              static_cast<size_t>(60 - from));
  }
  EXPECT_TRUE(decode_index(*bed_.env().read_file(indexes[0], 1 << 20)).has_value())
      << "the file was not mended";
}

TEST_F(PartitionReadTest, ReadCommittedEndsBeforeTheFirstOpenTransaction) {
  LogPartition& p = bed_.make();
  add(p, {"a"});
  add(p, {"t1"}, transactional(1, 0));
  add(p, {"b"});
  EXPECT_EQ(p.last_stable(), Offset(1));
  EXPECT_EQ(committed(p), (Strings{"a"}));
  EXPECT_EQ(consume(p, Offset(0), Isolation::kReadUncommitted)->size(), 3u);
  end(p, 1, true);
  EXPECT_EQ(p.last_stable(), Offset(4));
  EXPECT_EQ(committed(p), (Strings{"a", "t1", "b"}));
}

TEST_F(PartitionReadTest, ReadCommittedNeverShowsAbortedRecords) {
  LogPartition* p = &bed_.make("t", {{"segment.bytes", "1024"}});
  for (int i = 0; i < 12; ++i) {
    const std::string n = std::to_string(i);
    add(*p, {"one" + n}, transactional(1, i));
    add(*p, {"two" + n}, transactional(2, i));
    add(*p, {"plain" + n});
    end(*p, 1, i % 2 == 0);
    end(*p, 2, i % 3 == 0);
  }
  Strings expected;
  for (int i = 0; i < 12; ++i) {
    if (i % 2 == 0) expected.push_back("one" + std::to_string(i));
    if (i % 3 == 0) expected.push_back("two" + std::to_string(i));
    expected.push_back("plain" + std::to_string(i));
  }
  for (int round = 0; round < 3; ++round) {
    for (uint32_t max : {1u, 150u, 400u, 1u << 20}) {
      auto seen = consume(*p, Offset(0), Isolation::kReadCommitted, max);
      ASSERT_TRUE(seen.ok()) << seen.status();
      EXPECT_EQ(values_of(*seen), expected) << "max " << max << " round " << round;
    }
    if (round == 0) bed_.restart();
    if (round == 1) bed_.crash_and_open({CrashMode::kKeepAll});
    p = &bed_.at();
  }
}

TEST_F(PartitionReadTest, AMarkerForNobodyIsHarmless) {
  LogPartition& p = bed_.make();
  end(p, 9, false);
  add(p, {"a"}, transactional(9, 0, 0));
  end(p, 9, true);
  EXPECT_EQ(committed(p), (Strings{"a"}));
  auto fenced = p.append_marker(ProducerId(9), ProducerEpoch(-1), true, 0);
  EXPECT_EQ(fault_of(fenced.status()), Fault::kInvalidProducerEpoch);
}

TEST_F(PartitionReadTest, ProducersShowTheirOpenTransaction) {
  LogPartition& p = bed_.make();
  add(p, {"a"});
  add(p, {"b", "c"}, transactional(4, 0, 2));
  std::vector<ProducerView> views = p.producers();
  ASSERT_EQ(views.size(), 1u);
  EXPECT_EQ(views[0].producer_id, ProducerId(4));
  EXPECT_EQ(views[0].epoch, ProducerEpoch(2));
  EXPECT_EQ(views[0].last_sequence, 1);
  EXPECT_EQ(views[0].transaction_start, Offset(1));
}

TEST_F(PartitionReadTest, FindsTheFirstRecordOfATimeOrLater) {
  LogPartition* p = &bed_.make("t", {{"segment.bytes", "1024"}, {"index.interval.bytes", "150"}});
  for (int64_t i = 0; i < 40; ++i) {
    BatchShape shape;
    shape.times = {i * 10, i * 10 + 5};
    shape.codec = i % 2 ? Codec::kLz4 : Codec::kNone;
    add(*p, {"a", "b"}, shape);
  }
  for (int round = 0; round < 3; ++round) {
    for (int64_t i = 0; i < 40; ++i) {
      ASSERT_EQ(at_time(*p, i * 10)->offset, Offset(i * 2));
      ASSERT_EQ(at_time(*p, i * 10)->timestamp, Timestamp(i * 10));
      ASSERT_EQ(at_time(*p, i * 10 + 1)->offset, Offset(i * 2 + 1));
    }
    EXPECT_FALSE(at_time(*p, 396).has_value());
    EXPECT_EQ((*p->find_max_time())->offset, Offset(79));
    if (round == 0) bed_.restart();
    if (round == 1) bed_.crash_and_open({CrashMode::kLoseAll});
    p = &bed_.at();
  }
}

TEST_F(PartitionReadTest, TimesNeedNotRise) {
  LogPartition& p = bed_.make("t", {{"index.interval.bytes", "1"}});
  for (int64_t t : {50, 20, 90, 10, 60}) {
    BatchShape shape;
    shape.times = {t};
    add(p, {"x"}, shape);
  }
  EXPECT_EQ(at_time(p, 0)->offset, Offset(0));
  EXPECT_EQ(at_time(p, 51)->offset, Offset(2));
  EXPECT_EQ(at_time(p, 90)->offset, Offset(2));
  EXPECT_FALSE(at_time(p, 91).has_value());
  EXPECT_EQ((*p.find_max_time())->offset, Offset(2));
  EXPECT_EQ((*p.find_max_time())->timestamp, Timestamp(90));
}

TEST_F(PartitionReadTest, TheLargestTimeIsFoundAlsoWhenALargerOneWasDeleted) {
  LogPartition& p = bed_.make("t", {{"retention.ms", "-1"}});
  EXPECT_FALSE((*p.find_max_time()).has_value());
  for (int64_t t : {90000, 500, 700, 600}) {
    BatchShape shape;
    shape.times = {t};
    add(p, {"x"}, shape);
  }
  ASSERT_TRUE(p.delete_records(Offset(1)).ok());
  auto found = p.find_max_time();
  ASSERT_TRUE(found.ok());
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->offset, Offset(2));
  EXPECT_EQ((*found)->timestamp, Timestamp(700));
}

TEST_F(PartitionReadTest, ATimeIsFoundInABatchWhoseBeginningIsDeleted) {
  LogPartition& p = bed_.make("t", {{"retention.ms", "-1"}});
  BatchShape shape;
  shape.times = {100, 110, 120};
  add(p, {"a", "b", "c"}, shape);
  shape.times = {200};
  add(p, {"d"}, shape);
  ASSERT_TRUE(p.delete_records(Offset(1)).ok());
  EXPECT_EQ(at_time(p, 50)->offset, Offset(1));
  EXPECT_EQ(at_time(p, 120)->offset, Offset(2));
}

TEST_F(PartitionReadTest, ATimeInsideOfAnOpenTransactionIsHiddenFromReadCommitted) {
  LogPartition& p = bed_.make();
  BatchShape shape = transactional(1, 0);
  shape.times = {5000};
  add(p, {"t"}, shape);
  EXPECT_TRUE((*p.find_by_time(Timestamp(5000), Isolation::kReadUncommitted)).has_value());
  EXPECT_FALSE((*p.find_by_time(Timestamp(5000), Isolation::kReadCommitted)).has_value());
}

TEST_F(PartitionReadTest, AListenerIsToldOnceOfAnAdvance) {
  LogPartition& p = bed_.make();
  auto kept = std::make_shared<CountingListener>();
  auto forgotten = std::make_shared<CountingListener>();
  ASSERT_TRUE(p.listen(Offset(0), Offset(0), kept));
  ASSERT_TRUE(p.listen(Offset(0), Offset(0), forgotten));
  p.forget(forgotten.get());
  add(p, {"a"});
  add(p, {"b"});
  ASSERT_TRUE(bed_.stop().ok());  // joins the syncing threads
  EXPECT_EQ(kept->count, 1);
  EXPECT_EQ(forgotten->count, 0);
}

TEST_F(PartitionReadTest, AListenerThatComesTooLateIsSentAway) {
  LogPartition& p = bed_.make();
  add(p, {"a"});
  auto listener = std::make_shared<CountingListener>();
  EXPECT_FALSE(p.listen(Offset(0), Offset(0), listener));
  EXPECT_TRUE(p.listen(Offset(1), Offset(1), listener));
}

TEST_F(PartitionReadTest, ATransactionsEndMovesTheStableOffsetAndTellsListeners) {
  LogPartition& p = bed_.make();
  add(p, {"t"}, transactional(1, 0));
  auto listener = std::make_shared<CountingListener>();
  ASSERT_TRUE(p.listen(Offset(1), Offset(0), listener));
  end(p, 1, true);
  EXPECT_EQ(p.last_stable(), Offset(2));
  ASSERT_TRUE(bed_.stop().ok());
  EXPECT_EQ(listener->count, 1);
}

TEST_F(PartitionReadTest, ADeletedTopicTellsListenersAndWaiters) {
  LogPartition& p = bed_.make();
  auto partition = bed_.log().partition("t", PartitionIndex(0));
  auto listener = std::make_shared<CountingListener>();
  ASSERT_TRUE(p.listen(Offset(0), Offset(0), listener));
  Status told;
  bool called = false;
  p.await_synced(Offset(5), [&](Status s) {
    told = std::move(s);
    called = true;
  });
  ASSERT_TRUE(bed_.log().delete_topic("t").ok());
  EXPECT_EQ(listener->count, 1);
  ASSERT_TRUE(called);
  EXPECT_EQ(fault_of(told), Fault::kUnknownTopic);
  EXPECT_FALSE(append_batch(*partition, make_batch({"x"})).ok());
}

TEST_F(PartitionReadTest, EpochsSayWhereTheyEnd) {
  LogPartition* p = &bed_.make();
  add(*p, {"a", "b"});
  EXPECT_EQ(p->epoch_end(LeaderEpoch(0))->end, Offset(2));
  EXPECT_FALSE(p->epoch_end(LeaderEpoch(1)).has_value());
  bed_.crash_and_open();
  p = &bed_.at();
  ASSERT_EQ(p->leader_epoch(), LeaderEpoch(1));
  add(*p, {"c"});
  bed_.crash_and_open();
  bed_.crash_and_open();
  p = &bed_.at();
  ASSERT_EQ(p->leader_epoch(), LeaderEpoch(3));
  add(*p, {"d"});
  EXPECT_EQ(p->epoch_end(LeaderEpoch(0))->end, Offset(2));
  EXPECT_EQ(p->epoch_end(LeaderEpoch(1))->end, Offset(3));
  EXPECT_EQ(p->epoch_end(LeaderEpoch(2))->epoch, LeaderEpoch(1));  // 2 never had a record
  EXPECT_EQ(p->epoch_end(LeaderEpoch(2))->end, Offset(3));
  EXPECT_EQ(p->epoch_end(LeaderEpoch(3))->end, Offset(4));
  EXPECT_EQ(consume(*p, Offset(0), Isolation::kReadUncommitted)->size(), 4u);
}

}  // namespace
}  // namespace dataflow::log
