#include "producer_table.h"

#include <gtest/gtest.h>

#include "log/fault.h"

namespace dataflow::log {
namespace {

constexpr int32_t kMaxSequence = INT32_MAX;

BatchHeader batch(int64_t producer, int32_t sequence, int32_t records, int64_t offset,
                  int16_t epoch = 0, bool transactional = false) {
  BatchHeader header;
  header.producer_id = ProducerId(producer);
  header.producer_epoch = ProducerEpoch(epoch);
  header.base_sequence = sequence;
  header.base_offset = Offset(offset);
  header.last_offset_delta = records - 1;
  header.record_count = records;
  if (transactional) header.attributes |= kAttributeTransactional;
  return header;
}

void add(ProducerTable& table, const BatchHeader& header) {
  auto checked = table.check(header);
  ASSERT_TRUE(checked.ok()) << checked.status();
  ASSERT_FALSE(checked->has_value());
  table.apply(header, kNoTimestamp, Timestamp(100));
}

Fault refusal(const ProducerTable& table, const BatchHeader& header) {
  return fault_of(table.check(header).status());
}

void end(ProducerTable& table, int64_t producer, bool commit, int64_t marker, int16_t epoch = 0) {
  ASSERT_TRUE(table.check_marker(ProducerId(producer), ProducerEpoch(epoch), 0).ok());
  table.apply_marker(ProducerId(producer), ProducerEpoch(epoch), commit, 0, Offset(marker),
                     Timestamp(100));
}

TEST(ProducerTableTest, AnUnknownProducerMayBeginAnywhere) {
  ProducerTable table;
  add(table, batch(1, 500, 3, 0));
  add(table, batch(1, 503, 1, 3));
}

TEST(ProducerTableTest, ARepeatOfOneOfTheLastFiveGivesItsOffsets) {
  ProducerTable table;
  for (int i = 0; i < 8; ++i) add(table, batch(1, i * 10, 10, i * 100));
  for (int i = 3; i < 8; ++i) {
    auto repeat = table.check(batch(1, i * 10, 10, 0));
    ASSERT_TRUE(repeat.ok() && repeat->has_value()) << i;
    EXPECT_EQ((*repeat)->first_offset, Offset(i * 100));
    EXPECT_EQ((*repeat)->last_offset, Offset(i * 100 + 9));
  }
  EXPECT_EQ(refusal(table, batch(1, 20, 10, 0)), Fault::kOutOfOrderSequence);
}

// The first batch was refused (a full disk, say), the second one of the same connection was not:
// the log then must not call the first one, when it is sent again, something that it already has.
TEST(ProducerTableTest, WhatWasNeverAppendedIsNotCalledADuplicate) {
  ProducerTable table;
  add(table, batch(1, 10, 10, 0));
  EXPECT_EQ(refusal(table, batch(1, 0, 10, 10)), Fault::kOutOfOrderSequence);
}

TEST(ProducerTableTest, AnEpochThatOnlyAMarkerBroughtBeginsAtZero) {
  ProducerTable table;
  add(table, batch(1, 0, 5, 0, 3, true));
  end(table, 1, false, 5, 4);
  EXPECT_EQ(refusal(table, batch(1, 5, 1, 6, 4, true)), Fault::kOutOfOrderSequence);
  EXPECT_EQ(refusal(table, batch(1, 5, 1, 6, 5, true)), Fault::kOutOfOrderSequence);
  add(table, batch(1, 0, 5, 6, 4, true));
}

TEST(ProducerTableTest, ANewEpochDoesNotWriteAsideOfAnOpenTransaction) {
  ProducerTable table;
  add(table, batch(1, 0, 5, 0, 3, true));
  EXPECT_EQ(refusal(table, batch(1, 0, 5, 5, 4)), Fault::kInvalidTransactionState);
  add(table, batch(1, 0, 5, 5, 4, true));
}

TEST(ProducerTableTest, ARepeatWithOtherBoundsIsNotARepeat) {
  ProducerTable table;
  add(table, batch(1, 0, 10, 0));
  EXPECT_EQ(refusal(table, batch(1, 0, 9, 0)), Fault::kOutOfOrderSequence);
  EXPECT_EQ(refusal(table, batch(1, 5, 10, 0)), Fault::kOutOfOrderSequence);
}

TEST(ProducerTableTest, AGapIsOutOfOrder) {
  ProducerTable table;
  add(table, batch(1, 0, 10, 0));
  EXPECT_EQ(refusal(table, batch(1, 11, 1, 0)), Fault::kOutOfOrderSequence);
  EXPECT_TRUE(table.check(batch(1, 10, 1, 0)).ok());
}

TEST(ProducerTableTest, SequencesWrapAroundBehindTheLargest) {
  ProducerTable table;
  add(table, batch(1, kMaxSequence - 4, 5, 0));
  add(table, batch(1, 0, 2, 5));
  add(table, batch(1, 2, 2, 7));
  auto repeat = table.check(batch(1, kMaxSequence - 4, 5, 0));
  ASSERT_TRUE(repeat.ok() && repeat->has_value());
  EXPECT_EQ((*repeat)->first_offset, Offset(0));
}

TEST(ProducerTableTest, ABatchMayLieAcrossTheWrap) {
  ProducerTable table;
  add(table, batch(1, kMaxSequence - 1, 5, 0));  // the last one has sequence 2
  EXPECT_EQ(refusal(table, batch(1, 4, 1, 5)), Fault::kOutOfOrderSequence);
  EXPECT_EQ(refusal(table, batch(1, kMaxSequence - 3, 2, 5)), Fault::kOutOfOrderSequence);
  add(table, batch(1, 3, 1, 5));
}

TEST(ProducerTableTest, AnOlderEpochIsFencedAndANewerBeginsAtZero) {
  ProducerTable table;
  add(table, batch(1, 0, 5, 0, 3));
  EXPECT_EQ(refusal(table, batch(1, 5, 1, 5, 2)), Fault::kInvalidProducerEpoch);
  EXPECT_EQ(refusal(table, batch(1, 5, 1, 5, 4)), Fault::kOutOfOrderSequence);
  add(table, batch(1, 0, 5, 5, 4));
  EXPECT_EQ(refusal(table, batch(1, 5, 1, 10, 3)), Fault::kInvalidProducerEpoch);
  auto repeat = table.check(batch(1, 0, 5, 0, 4));
  ASSERT_TRUE(repeat.ok() && repeat->has_value());
  EXPECT_EQ((*repeat)->first_offset, Offset(5));
}

TEST(ProducerTableTest, TheOldestOpenTransactionIsTheFirstOpenOffset) {
  ProducerTable table;
  EXPECT_FALSE(table.first_open().has_value());
  add(table, batch(1, 0, 2, 10, 0, true));
  add(table, batch(2, 0, 2, 12, 0, true));
  add(table, batch(1, 2, 2, 14, 0, true));
  EXPECT_EQ(table.first_open(), Offset(10));
  EXPECT_TRUE(table.in_transaction(ProducerId(1)));
  end(table, 1, true, 16);
  EXPECT_EQ(table.first_open(), Offset(12));
  EXPECT_FALSE(table.in_transaction(ProducerId(1)));
  end(table, 2, false, 17);
  EXPECT_FALSE(table.first_open().has_value());
}

TEST(ProducerTableTest, WithinATransactionOnlyTransactionalBatchesAreTaken) {
  ProducerTable table;
  add(table, batch(1, 0, 2, 10, 0, true));
  EXPECT_EQ(refusal(table, batch(1, 2, 1, 12)), Fault::kInvalidTransactionState);
  end(table, 1, true, 12);
  add(table, batch(1, 2, 1, 13));
}

TEST(ProducerTableTest, OnlyAbortedTransactionsAreListed) {
  ProducerTable table;
  add(table, batch(1, 0, 2, 0, 0, true));
  end(table, 1, true, 2);
  add(table, batch(1, 2, 2, 3, 0, true));
  end(table, 1, false, 5);
  EXPECT_TRUE(table.aborted_between(Offset(0), Offset(3)).empty());
  auto found = table.aborted_between(Offset(0), Offset(4));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].producer_id, ProducerId(1));
  EXPECT_EQ(found[0].first_offset, Offset(3));
  EXPECT_EQ(table.aborted_between(Offset(5), Offset(9)).size(), 1u);
  EXPECT_TRUE(table.aborted_between(Offset(6), Offset(9)).empty());
}

TEST(ProducerTableTest, AReaderLearnsOfALongTransactionThatEndedAfterShortOnes) {
  ProducerTable table;
  add(table, batch(1, 0, 1, 0, 0, true));  // open from 0 to 100
  for (int i = 0; i < 20; ++i) {
    add(table, batch(2, i, 1, 1 + i * 2, 0, true));
    end(table, 2, false, 2 + i * 2);
  }
  end(table, 1, false, 100);
  auto found = table.aborted_between(Offset(0), Offset(2));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].first_offset, Offset(0));
  EXPECT_EQ(found[1].first_offset, Offset(1));
}

TEST(ProducerTableTest, AMarkerOfAnOlderEpochOrCoordinatorIsRefused) {
  ProducerTable table;
  add(table, batch(1, 0, 1, 0, 5, true));
  EXPECT_EQ(fault_of(table.check_marker(ProducerId(1), ProducerEpoch(4), 0)),
            Fault::kInvalidProducerEpoch);
  table.apply_marker(ProducerId(1), ProducerEpoch(5), true, 9, Offset(1), Timestamp(1));
  EXPECT_EQ(fault_of(table.check_marker(ProducerId(1), ProducerEpoch(5), 8)),
            Fault::kInvalidTransactionState);
  EXPECT_TRUE(table.check_marker(ProducerId(1), ProducerEpoch(6), 9).ok());
}

TEST(ProducerTableTest, AMarkerWithANewEpochFencesTheOldOne) {
  ProducerTable table;
  add(table, batch(1, 0, 1, 0, 0, true));
  end(table, 1, false, 1, 1);
  EXPECT_FALSE(table.first_open().has_value());
  EXPECT_EQ(refusal(table, batch(1, 1, 1, 2, 0, true)), Fault::kInvalidProducerEpoch);
  add(table, batch(1, 0, 1, 2, 1, true));
}

TEST(ProducerTableTest, ExpiryForgetsIdleProducersButNoOpenTransaction) {
  ProducerTable table;
  table.apply(batch(1, 0, 1, 0), kNoTimestamp, Timestamp(10));
  table.apply(batch(2, 0, 1, 1), kNoTimestamp, Timestamp(20));
  table.apply(batch(3, 0, 1, 2, 0, true), kNoTimestamp, Timestamp(10));
  table.expire(Timestamp(20), Offset(0));
  EXPECT_EQ(table.size(), 2u);
  EXPECT_TRUE(table.in_transaction(ProducerId(3)));
  EXPECT_EQ(table.first_open(), Offset(2));
}

TEST(ProducerTableTest, ExpiryForgetsAbortedTransactionsBelowTheLogsStart) {
  ProducerTable table;
  for (int i = 0; i < 3; ++i) {
    add(table, batch(1, i, 1, i * 10, 0, true));
    end(table, 1, false, i * 10 + 1);
  }
  table.expire(Timestamp(0), Offset(11));
  auto left = table.aborted_between(Offset(0), Offset(100));
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].first_offset, Offset(10));
}

ProducerTable rich_table() {
  ProducerTable table;
  for (int i = 0; i < 7; ++i) add(table, batch(1, i, 1, i));
  add(table, batch(2, 0, 3, 7, 4, true));
  add(table, batch(3, 0, 3, 10, 2, true));
  end(table, 3, false, 13, 2);
  return table;
}

TEST(ProducerTableTest, ComesBackFromItsBytes) {
  ProducerTable table = rich_table();
  std::string bytes;
  table.encode(bytes);
  std::string_view in = bytes;
  Result<ProducerTable> found = ProducerTable::decode(in);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(found->size(), 3u);
  EXPECT_EQ(found->first_open(), Offset(7));
  auto repeat = found->check(batch(1, 2, 1, 0));
  ASSERT_TRUE(repeat.ok() && repeat->has_value());
  EXPECT_EQ((*repeat)->first_offset, Offset(2));
  EXPECT_EQ(refusal(*found, batch(2, 3, 1, 0, 3)), Fault::kInvalidProducerEpoch);
  EXPECT_EQ(found->aborted_between(Offset(0), Offset(20)).size(), 1u);
  EXPECT_EQ(found->views().size(), 3u);
}

TEST(ProducerTableTest, BrokenBytesAreRefusedWithoutTakingMemory) {
  std::string bytes;
  rich_table().encode(bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string_view in = std::string_view(bytes).substr(0, size);
    EXPECT_FALSE(ProducerTable::decode(in).ok()) << size;
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string broken = bytes;
    broken[at] = '\x7f';
    std::string_view in = broken;
    (void)ProducerTable::decode(in).ok();  // must not crash or take much memory
  }
  std::string huge = bytes;
  huge[6] = '\x7f';
  std::string_view in = huge;
  EXPECT_EQ(ProducerTable::decode(in).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace dataflow::log
