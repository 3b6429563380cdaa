#include "state/recovery.h"

#include <gtest/gtest.h>

namespace dataflow::state {
namespace {

CheckpointId id(int64_t n) { return CheckpointId(n); }

TEST(Recovery, AFreshJobBeginsAtTheBeginning) {
  const auto decision = decide_recovery({});
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->resume_from, id(0));
  EXPECT_TRUE(decision->commit.empty() && decision->done.empty() && decision->drop.empty());
}

TEST(Recovery, EverythingCarriedIsCommittedInOrder) {
  RecoveryFacts facts;
  facts.last = id(9);
  facts.sinks = {"a", "b"};
  facts.carried = {{id(7), 0, "a"}, {id(7), 1, "b"}, {id(9), 0, "a"}};
  const auto decision = decide_recovery(facts);
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->resume_from, id(9));
  EXPECT_EQ(decision->commit, (std::vector<size_t>{0, 1, 2}));
  EXPECT_TRUE(decision->done.empty());
}

TEST(Recovery, WhatASinkSaysIsCommittedIsNotCommittedAgain) {
  RecoveryFacts facts;
  facts.last = id(9);
  facts.sinks = {"a", "b"};
  facts.carried = {{id(7), 0, "a"}, {id(8), 0, "a"}, {id(8), 1, "b"}, {id(9), 0, "a"}};
  facts.committed = {{"a", id(8)}};
  const auto decision = decide_recovery(facts);
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->commit, (std::vector<size_t>{2, 3}));
  EXPECT_EQ(decision->done, (std::vector<CheckpointId>{id(7)}));
}

TEST(Recovery, StagedOutputOfNoCheckpointIsDropped) {
  RecoveryFacts facts;
  facts.last = id(5);
  facts.sinks = {"a"};
  facts.carried = {{id(5), 0, "a"}};
  facts.committed = {{"a", id(3)}};
  facts.staged = {{"a", id(3), "committed"},
                  {"a", id(4), "of a checkpoint that carries nothing of it"},
                  {"a", id(5), "carried"},
                  {"a", id(6), "beyond the last checkpoint"},
                  {"b", id(5), "of another sink"}};
  const auto decision = decide_recovery(facts);
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->drop, (std::vector<size_t>{1, 3, 4}));
}

TEST(Recovery, ASinkAheadOfTheStateIsRefused) {
  RecoveryFacts facts;
  facts.last = id(5);
  facts.sinks = {"a"};
  facts.committed = {{"a", id(6)}};
  const Status refused = decide_recovery(facts).status();
  EXPECT_EQ(refused.code(), StatusCode::kConflict);
  EXPECT_NE(refused.message().find("sink a has committed checkpoint 6"), std::string::npos)
      << refused;
}

TEST(Recovery, CommittablesOfASinkThatIsGoneAreNotForgotten) {
  RecoveryFacts facts;
  facts.last = id(5);
  facts.sinks = {"b"};
  facts.carried = {{id(5), 0, "a"}};
  EXPECT_EQ(decide_recovery(facts).status().code(), StatusCode::kConflict);
}

TEST(Recovery, FactsThatContradictEachOtherAreReported) {
  RecoveryFacts facts;
  facts.last = id(5);
  facts.sinks = {"a"};
  facts.carried = {{id(6), 0, "a"}};
  EXPECT_EQ(decide_recovery(facts).status().code(), StatusCode::kCorrupt);
  facts.carried = {{id(4), 1, "a"}, {id(4), 1, "a"}};
  EXPECT_EQ(decide_recovery(facts).status().code(), StatusCode::kCorrupt);
  facts.carried = {{id(0), 0, "a"}};
  EXPECT_EQ(decide_recovery(facts).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace dataflow::state
