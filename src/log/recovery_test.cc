#include "recovery.h"

#include <gtest/gtest.h>

namespace dataflow::log {
namespace {

TEST(RecoveryTest, ABreakBelowTheBoundIsDamage) {
  EXPECT_EQ(judge_break(Offset(9), Offset(10)), Verdict::kDamage);
  EXPECT_EQ(judge_break(Offset(0), Offset(1)), Verdict::kDamage);
}

TEST(RecoveryTest, ABreakAtOrAboveTheBoundIsATornTail) {
  EXPECT_EQ(judge_break(Offset(10), Offset(10)), Verdict::kTornTail);
  EXPECT_EQ(judge_break(Offset(11), Offset(10)), Verdict::kTornTail);
}

TEST(RecoveryTest, WithoutABoundNothingIsDamage) {
  EXPECT_EQ(judge_break(Offset(0), Offset(0)), Verdict::kTornTail);
  EXPECT_EQ(judge_end(Offset(0), Offset(0)), Verdict::kSound);
}

TEST(RecoveryTest, ALogThatEndsBelowTheBoundIsDamaged) {
  EXPECT_EQ(judge_end(Offset(9), Offset(10)), Verdict::kDamage);
  EXPECT_EQ(judge_end(Offset(10), Offset(10)), Verdict::kSound);
  EXPECT_EQ(judge_end(Offset(11), Offset(10)), Verdict::kSound);
}

TEST(RecoveryTest, ZerosAreTheEndUnlessBatchesAreMissing) {
  EXPECT_EQ(judge_zeros(Offset(10), {}, Offset(10)), Verdict::kSound);
  EXPECT_EQ(judge_zeros(Offset(10), {}, Offset(11)), Verdict::kDamage);
  EXPECT_EQ(judge_zeros(Offset(10), Offset(10), Offset(99)), Verdict::kSound);
  EXPECT_EQ(judge_zeros(Offset(10), Offset(12), Offset(99)), Verdict::kDamage);
  EXPECT_EQ(judge_zeros(Offset(10), Offset(12), Offset(10)), Verdict::kSound)
      << "what the next segment means is for judge_seam() to say";
}

TEST(RecoveryTest, SegmentsThatMeetAreSoundWhereverTheBoundIs) {
  EXPECT_EQ(judge_seam(Offset(10), Offset(10), Offset(0)), Verdict::kSound);
  EXPECT_EQ(judge_seam(Offset(10), Offset(10), Offset(99)), Verdict::kSound);
}

TEST(RecoveryTest, AGapOrAnOverlapOfSegmentsIsJudgedLikeABreak) {
  EXPECT_EQ(judge_seam(Offset(10), Offset(12), Offset(11)), Verdict::kDamage);
  EXPECT_EQ(judge_seam(Offset(10), Offset(12), Offset(10)), Verdict::kTornTail);
  EXPECT_EQ(judge_seam(Offset(10), Offset(8), Offset(10)), Verdict::kTornTail);
  EXPECT_EQ(judge_seam(Offset(10), Offset(8), Offset(11)), Verdict::kDamage);
}

}  // namespace
}  // namespace dataflow::log
