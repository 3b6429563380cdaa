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

TEST(AnalysisOfAPlan, FollowsColumnsThroughJoins) {
  IntervalJoinSpec spec{.left_keys = {"user"}, .right_keys = {"user"}};
  spec.condition = parsed("n < price0");
  Plan plan;
  plan.nodes = {orders("a"), orders("b"), node("j", spec, {{"a", ""}, {"b", ""}}),
                node("p", ProjectSpec{{{"x", parsed("id0")}}}, {{"j", ""}}), sink("p")};
  plan = valid(plan);
  EXPECT_THAT(columns_read(plan, "a"), ElementsAre("user", "n", "ts"));
  EXPECT_THAT(columns_read(plan, "b"), ElementsAre("id", "user", "price", "ts"));
}

TEST(AnalysisOfAPlan, MovesFiltersThatCannotFailToTheSource) {
  Plan plan = through(node("f", FilterSpec{parsed("total > 1 AND k IS NOT NULL AND 1 / k > 2")}));
  plan.nodes.insert(
      plan.nodes.begin() + 1,
      node("p", ProjectSpec{{{"total", parsed("amount")}, {"k", parsed("n")}}}, {{"orders", ""}}));
  plan.nodes[2].inputs[0].node = "p";
  const auto filters = movable_filters(valid(plan), "orders");
  ASSERT_EQ(filters.size(), 1U);
  EXPECT_EQ(filters[0].filter, "f");
  EXPECT_FALSE(filters[0].whole);
  EXPECT_THAT(expr::columns_of(*filters[0].condition), ElementsAre("amount", "n"));
  EXPECT_THAT(expr::columns_of(*filters[0].left_behind), ElementsAre("k"));
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
