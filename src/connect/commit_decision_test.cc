#include "commit_decision.h"

#include <gtest/gtest.h>

#include <vector>

namespace dataflow::connect {
namespace {

constexpr int32_t kLast = INT32_MAX;

ProducerTrace ends_with(int32_t sequence) { return {sequence, false}; }

TEST(CommitDecision, AppendsAllWhereTheLogKnowsNothing) {
  const std::vector<SequenceRange> batches{{0, 9}, {10, 19}};
  EXPECT_EQ(batches_in_log(batches, {}).value(), 0u);
}

TEST(CommitDecision, PassesOverWhatIsThere) {
  const std::vector<SequenceRange> batches{{0, 9}, {10, 19}, {20, 20}};
  EXPECT_EQ(batches_in_log(batches, ends_with(9)).value(), 1u);
  EXPECT_EQ(batches_in_log(batches, ends_with(19)).value(), 2u);
  EXPECT_EQ(batches_in_log(batches, ends_with(20)).value(), 3u);
  // Later checkpoints are there too.
  EXPECT_EQ(batches_in_log(batches, ends_with(500)).value(), 3u);
}

TEST(CommitDecision, TellsMoreThanFiveBatches) {
  std::vector<SequenceRange> batches;
  for (int32_t i = 0; i < 100; ++i) batches.push_back({i * 10, i * 10 + 9});
  for (int32_t there = 1; there <= 100; ++there) {
    EXPECT_EQ(batches_in_log(batches, ends_with(there * 10 - 1)).value(),
              static_cast<size_t>(there));
  }
}

TEST(CommitDecision, GoesOnBehindTheBatchesOfEarlierCheckpoints) {
  const std::vector<SequenceRange> batches{{100, 109}};
  EXPECT_EQ(batches_in_log(batches, ends_with(99)).value(), 0u);
}

TEST(CommitDecision, CountsOnWhereSequencesBeginAnew) {
  const std::vector<SequenceRange> batches{{kLast - 4, kLast}, {0, 4}, {5, 9}};
  EXPECT_EQ(batches_in_log(batches, ends_with(kLast - 5)).value(), 0u);
  EXPECT_EQ(batches_in_log(batches, ends_with(kLast)).value(), 1u);
  EXPECT_EQ(batches_in_log(batches, ends_with(4)).value(), 2u);
  EXPECT_EQ(batches_in_log(batches, ends_with(12)).value(), 3u);
  const std::vector<SequenceRange> across{{kLast - 1, 2}, {3, 3}};
  EXPECT_EQ(batches_in_log(across, ends_with(kLast - 2)).value(), 0u);
  EXPECT_EQ(batches_in_log(across, ends_with(2)).value(), 1u);
}

TEST(CommitDecision, RefusesALogThatLostAcknowledgedOutput) {
  const std::vector<SequenceRange> batches{{100, 109}};
  EXPECT_EQ(batches_in_log(batches, ends_with(50)).status().code(), StatusCode::kCorrupt);
}

TEST(CommitDecision, RefusesALogThatEndsWithinABatch) {
  const std::vector<SequenceRange> batches{{100, 109}};
  EXPECT_EQ(batches_in_log(batches, ends_with(105)).status().code(), StatusCode::kCorrupt);
}

TEST(CommitDecision, AppendsNothingBelowTheLogsStart) {
  const std::vector<SequenceRange> batches{{0, 9}, {10, 19}};
  EXPECT_EQ(batches_in_log(batches, {std::nullopt, true}).value(), 2u);
}

}  // namespace
}  // namespace dataflow::connect
