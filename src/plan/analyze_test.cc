#include "plan/analyze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_plans.h"

namespace dataflow::plan {
namespace {

using testing::ElementsAre;

Plan valid(Plan plan) {
  const Status status = validate(plan);
  EXPECT_TRUE(status.ok()) << status;
  return plan;
}

TEST(AnalysisOfAPlan, TellsWhichColumnsOfASourceAreRead) {
  Plan plan = through(node("w", counts()));
  EXPECT_THAT(columns_read(valid(plan), "orders"), ElementsAre("user", "ts"));
  auto& window = std::get<WindowSpec>(plan.nodes[1].spec);
  window.aggregates.push_back(aggregate("s", "SUM", "AMOUNT + n"));
  EXPECT_THAT(columns_read(valid(plan), "orders"), ElementsAre("user", "amount", "n", "ts"));
  window.late_output = true;
  plan.nodes.push_back(sink("w", "late"));
  EXPECT_EQ(columns_read(valid(plan), "orders").size(), 7U);
}

TEST(AnalysisOfAPlan, KnowsTheKeysOfEachExchange) {
  Plan plan = through(node("w", counts()));
  plan.nodes.push_back(node("once", DeduplicateSpec{.keys = {"user"}}, {{"w", ""}}));
  plan.nodes[2].inputs[0].node = "once";
  plan = valid(plan);
  const auto first = exchange_of(plan, *plan.find("w"), 0);
  ASSERT_TRUE(first.has_value());
  EXPECT_THAT(first->keys, ElementsAre("user"));
  EXPECT_FALSE(first->already);
  EXPECT_TRUE(exchange_of(plan, *plan.find("once"), 0)->already);
  EXPECT_FALSE(exchange_of(plan, *plan.find("out"), 0).has_value());
}

TEST(ARestartWithAChangedPlan, KeepsWhatItCanAndSaysWhatItCannot) {
  const Plan before = valid(through(node("w", counts())));
  Plan after = through(node("w", counts()));
  std::get<WindowSpec>(after.nodes[1].spec).allowed_lateness_ms = 5;
  for (const NodeChange& change : compare_for_restart(before, valid(after))) {
    EXPECT_EQ(change.change, Continuity::kKept) << change.reason;
  }
  std::get<WindowSpec>(after.nodes[1].spec).size_ms = 1000;
  auto changes = compare_for_restart(before, valid(after));
  EXPECT_EQ(changes[1].change, Continuity::kIncompatible);
  EXPECT_EQ(changes[1].reason,
            "size_ms was 60000 and is 1000; give the node another id to begin it anew, or leave it "
            "as it was");
  after.nodes[1].id = "v";
  after.nodes[2].inputs[0].node = "v";
  changes = compare_for_restart(before, valid(after));
  EXPECT_EQ(changes[1].change, Continuity::kAdded);
  EXPECT_EQ(changes[3].id, "w");
  EXPECT_EQ(changes[3].change, Continuity::kRemoved);
}

TEST(ARestartWithAChangedPlan, RefusesOtherKeysWhateverTheirNumber) {
  const std::vector<std::vector<std::string>> all = {{}, {"user"}, {"user", "id"}};
  for (const auto& was : all) {
    WindowSpec spec = counts();
    spec.keys = was;
    const Plan before = valid(through(node("w", spec)));
    for (const auto& is : all) {
      spec.keys = is;
      const auto changes = compare_for_restart(before, valid(through(node("w", spec))));
      EXPECT_EQ(changes[1].change, was == is ? Continuity::kKept : Continuity::kIncompatible)
          << was.size() << " keys and then " << is.size();
    }
  }
}

TEST(ARestartWithAChangedPlan, RefusesAJoinWhoseRowsBeginToExpire) {
  Plan before = through(node("w", counts()));
  JoinSpec join{.left_keys = {"user"}, .right_keys = {"user"}, .left_ttl_ms = 1000};
  before.nodes.push_back(node("pairs", join, {{"w", ""}, {"w", ""}}));
  before.nodes.push_back(sink("pairs"));
  before.nodes.back().id = "pairs_out";
  before = valid(before);
  const auto change_to = [&](int64_t left_ttl_ms, int64_t right_ttl_ms) {
    Plan after = before;
    join.left_ttl_ms = left_ttl_ms;
    join.right_ttl_ms = right_ttl_ms;
    for (Node& one : after.nodes) {
      if (one.id == "pairs") one.spec = join;
    }
    for (const NodeChange& change : compare_for_restart(before, valid(after))) {
      if (change.id == "pairs") return change.change;
    }
    return Continuity::kAdded;
  };
  EXPECT_EQ(change_to(2000, 0), Continuity::kKept);
  EXPECT_EQ(change_to(0, 0), Continuity::kIncompatible);
  EXPECT_EQ(change_to(1000, 1000), Continuity::kIncompatible);
}

TEST(ARestartWithAChangedPlan, KeepsRanksOfWhichMayBeToldMore) {
  RankSpec spec{.keys = {"user"}, .order = {{"amount", true}}, .last = 3, .ttl_ms = 1000};
  const Plan before = valid(through(node("w", spec)));
  const auto change = [&](const Plan& after) {
    return compare_for_restart(before, valid(after))[1].change;
  };
  spec.number = "place";
  spec.ttl_ms = 5;
  EXPECT_EQ(change(through(node("w", spec))), Continuity::kKept);
  // What was kept for ever has no time from which on it is forgotten.
  spec.ttl_ms = 0;
  EXPECT_EQ(change(through(node("w", spec))), Continuity::kIncompatible);
  spec.ttl_ms = 5;
  // The fourth rows are not there.
  spec.last = 4;
  EXPECT_EQ(change(through(node("w", spec))), Continuity::kIncompatible);
  spec.last = 3;
  spec.order[0].nulls_first = true;
  EXPECT_EQ(change(through(node("w", spec))), Continuity::kIncompatible);
  spec.order[0].nulls_first = false;
  // Nor are they when one of the three is taken back.
  Plan updated = through(node("w", spec));
  updated.nodes.insert(updated.nodes.begin() + 1,
                       node("last", DeduplicateSpec{.keys = {"id"}, .keep_last = true}));
  updated.nodes[1].inputs = updated.nodes[2].inputs;
  updated.nodes[2].inputs = {{"last", ""}};
  const auto changes = compare_for_restart(before, valid(updated));
  EXPECT_EQ(changes[2].change, Continuity::kIncompatible);
  EXPECT_NE(changes[2].reason.find("taken back"), std::string::npos) << changes[2].reason;
}

TEST(ARestartWithAChangedPlan, KeepsNoRowsOfADeduplicationThatLeftNoneYet) {
  for (const bool last : {false, true}) {
    Plan after = through(node("w", DeduplicateSpec{.keys = {"user"}, .keep_last = last}));
    const Plan before = valid(after);
    after.job.bounded = true;
    EXPECT_EQ(compare_for_restart(before, valid(after))[1].change,
              last ? Continuity::kIncompatible : Continuity::kKept);
  }
}

// Each keeps other state.
TEST(ARestartWithAChangedPlan, RefusesGroupsThatKeepSomethingElse) {
  const GroupSpec spec{.keys = {"user"}, .aggregates = {aggregate("n", "COUNT")}};
  const Plan before = valid(through(node("w", spec)));
  EXPECT_EQ(compare_for_restart(before, before)[1].change, Continuity::kKept);
  Plan after = through(node("w", spec));
  std::get<GroupSpec>(after.nodes[1].spec).ttl_ms = 1000;
  EXPECT_EQ(compare_for_restart(before, valid(after))[1].reason.substr(0, 60),
            "whether groups are forgotten (ttl_ms) was false and is true;");
  after = through(node("w", spec));
  after.job.bounded = true;
  EXPECT_EQ(compare_for_restart(before, valid(after))[1].change, Continuity::kIncompatible);
  after = through(node("w", spec));
  after.nodes.push_back(node("last", DeduplicateSpec{.keys = {"id"}, .keep_last = true}));
  after.nodes.back().inputs = after.nodes[1].inputs;
  after.nodes[1].inputs = {{"last", ""}};
  const auto changes = compare_for_restart(before, valid(after));
  const auto of_group = std::ranges::find(changes, "w", &NodeChange::id);
  ASSERT_NE(of_group, changes.end());
  EXPECT_EQ(of_group->reason.substr(0, 55),
            "whether rows are taken back was false and is true; give");
}

// A semi join of inputs that only add has forgotten what a row that is taken back would bring.
TEST(ARestartWithAChangedPlan, RefusesASemiJoinWhoseInputsBeginToBringUpdates) {
  for (const JoinKind kind : {JoinKind::kInner, JoinKind::kSemi, JoinKind::kAnti}) {
    Plan before = through(node("w", counts()));
    JoinSpec join{.kind = kind, .left_keys = {"user"}, .right_keys = {"user"}};
    before.nodes.push_back(node("pairs", join, {{"w", ""}, {"w", ""}}));
    before.nodes.push_back(sink("pairs"));
    before.nodes.back().id = "pairs_out";
    Plan after = before;
    std::get<WindowSpec>(after.nodes[1].spec).allowed_lateness_ms = 5;
    for (const NodeChange& change : compare_for_restart(valid(before), valid(after))) {
      const bool refused = change.id == "pairs" && kind != JoinKind::kInner;
      EXPECT_EQ(change.change, refused ? Continuity::kIncompatible : Continuity::kKept)
          << change.id << ": " << change.reason;
    }
  }
}

TEST(ARestartWithAChangedPlan, RefusesAnotherNumberOfStripes) {
  const Plan before = valid(through(node("w", counts())));
  Plan after = before;
  auto& options = std::get<SourceSpec>(after.nodes[0].spec).options;
  options["stripes"] = "1";
  EXPECT_EQ(compare_for_restart(before, valid(after))[0].change, Continuity::kKept);
  options["stripes"] = "4";
  EXPECT_EQ(compare_for_restart(before, valid(after))[0].change, Continuity::kIncompatible);
}

}  // namespace
}  // namespace dataflow::plan
