#include "segment_index.h"

#include <gtest/gtest.h>

namespace dataflow::log {
namespace {

SegmentIndex sample() {
  SegmentIndex index;
  index.note_batch(0, 0, kNoTimestamp, 100);
  index.note_batch(10, 60, Timestamp(5), 100);
  index.note_batch(20, 100, Timestamp(7), 100);
  index.note_batch(30, 160, Timestamp(7), 100);
  index.note_batch(40, 250, Timestamp(9), 100);
  return index;
}

SegmentSummary summary_of(int64_t base) {
  return {Offset(base), Offset(base + 50), 300, Timestamp(9), Timestamp(12345)};
}

TEST(SegmentIndexTest, KeepsAnEntryOnlyWhenTheIntervalHasPassed) {
  SegmentIndex index = sample();
  EXPECT_EQ(index.size(), 2u);
  EXPECT_EQ(index.floor_offset(39).position, 100u);
  EXPECT_EQ(index.floor_offset(40).position, 250u);
}

TEST(SegmentIndexTest, AnIntervalOfZeroKeepsEveryBatchButTheFirst) {
  SegmentIndex index;
  for (uint32_t i = 0; i < 5; ++i) index.note_batch(i, i * 70, kNoTimestamp, 0);
  EXPECT_EQ(index.size(), 4u);
}

TEST(SegmentIndexTest, FindsTheLastEntryAtOrBeforeAnOffset) {
  SegmentIndex index = sample();
  EXPECT_EQ(index.floor_offset(0).position, 0u);
  EXPECT_EQ(index.floor_offset(19).position, 0u);
  EXPECT_EQ(index.floor_offset(20).position, 100u);
  EXPECT_EQ(index.floor_offset(1000).offset_delta, 40u);
}

TEST(SegmentIndexTest, FindsTheLastEntryAtOrBeforeAPosition) {
  SegmentIndex index = sample();
  EXPECT_EQ(index.floor_position(99).position, 0u);
  EXPECT_EQ(index.floor_position(100).offset_delta, 20u);
  EXPECT_EQ(index.floor_position(UINT32_MAX).offset_delta, 40u);
}

TEST(SegmentIndexTest, AnEntryByTimeHasOnlyOlderRecordsBeforeIt) {
  SegmentIndex index = sample();
  EXPECT_EQ(index.floor_time(Timestamp(7)).position, 0u);
  EXPECT_EQ(index.floor_time(Timestamp(8)).position, 100u);
  EXPECT_EQ(index.floor_time(Timestamp(9)).position, 100u);
  EXPECT_EQ(index.floor_time(Timestamp(10)).position, 250u);
}

TEST(SegmentIndexTest, CutForgetsWhatLiesAtOrBehindThePosition) {
  SegmentIndex index = sample();
  index.cut(250);
  EXPECT_EQ(index.size(), 1u);
  index.cut(0);
  EXPECT_EQ(index.size(), 0u);
  EXPECT_EQ(index.floor_offset(30).position, 0u);
}

TEST(SegmentIndexTest, ComesBackFromItsBytes) {
  const std::string bytes = sample().encode(summary_of(700));
  uint32_t entries = 0;
  std::optional<SegmentSummary> head = decode_index_head(bytes, &entries);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(entries, 2u);
  EXPECT_EQ(head->base_offset, Offset(700));
  EXPECT_EQ(head->next_offset, Offset(750));
  EXPECT_EQ(head->bytes, 300u);
  EXPECT_EQ(head->max_time, Timestamp(9));
  EXPECT_EQ(head->last_append, Timestamp(12345));
  std::optional<SegmentIndex> index = decode_index(bytes);
  ASSERT_TRUE(index.has_value());
  EXPECT_EQ(index->encode(summary_of(700)), bytes);
}

TEST(SegmentIndexTest, AnEmptyIndexComesBackToo) {
  const std::string bytes = SegmentIndex().encode(summary_of(0));
  EXPECT_EQ(bytes.size(), kIndexHeadBytes);
  std::optional<SegmentIndex> index = decode_index(bytes);
  ASSERT_TRUE(index.has_value());
  EXPECT_EQ(index->size(), 0u);
}

TEST(SegmentIndexTest, EveryFlippedBitIsNoticed) {
  const std::string bytes = sample().encode(summary_of(700));
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (at >= 60 && at < 64) continue;  // the head's padding
    for (int bit = 0; bit < 8; ++bit) {
      std::string broken = bytes;
      broken[at] = static_cast<char>(broken[at] ^ (1 << bit));
      EXPECT_FALSE(decode_index(broken).has_value()) << "byte " << at << " bit " << bit;
    }
  }
}

TEST(SegmentIndexTest, EveryTornTailIsNoticed) {
  const std::string bytes = sample().encode(summary_of(700));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_index(bytes.substr(0, size)).has_value()) << size;
    std::string zeros = bytes.substr(0, size) + std::string(bytes.size() - size, '\0');
    if (zeros == bytes) continue;
    EXPECT_FALSE(decode_index(zeros).has_value()) << size;
  }
}

}  // namespace
}  // namespace dataflow::log
