#include "plan/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/analyze.h"
#include "sample_plans.h"

namespace dataflow::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Plan valid(Plan plan) {
  const Status status = validate(plan);
  EXPECT_TRUE(status.ok()) << status;
  return plan;
}

Plan rewritten(const Plan& plan) {
  Result<Plan> made = to_run(valid(plan));
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *made : plan;
}

std::vector<std::string> names_of(const Plan& plan, const std::string& id) {
  std::vector<std::string> names;
  for (const Field& field : plan.find(id)->schema->fields()) names.push_back(field.name);
  return names;
}

std::string condition_of(const Plan& plan, const std::string& id) {
  const Node* node = plan.find(id);
  return node == nullptr ? "" : std::get<FilterSpec>(node->spec).condition->to_string();
}

std::string input_of(const Plan& plan, const std::string& id, size_t i = 0) {
  const Input& input = plan.find(id)->inputs[i];
  return input.output.empty() ? input.node : input.node + "." + input.output;
}

Node filter(std::string id, const std::string& condition, std::string from) {
  return node(std::move(id), FilterSpec{parsed(condition)}, {{std::move(from), ""}});
}

// a, b -> union "u" -> filter "f" -> out.
Plan filtered_union(const std::string& condition) {
  Plan plan;
  plan.nodes = {orders("a"), orders("b"), node("u", UnionSpec{}, {{"a", ""}, {"b", ""}}),
                filter("f", condition, "u"), sink("f")};
  return plan;
}

// a, b -> join "j" -> filter "f" -> out.
Plan filtered_join(const std::string& condition, JoinKind kind = JoinKind::kInner) {
  IntervalJoinSpec spec{.kind = kind, .left_keys = {"id"}, .right_keys = {"id"}};
  Plan plan;
  plan.nodes = {orders("a"), orders("b"), node("j", spec, {{"a", ""}, {"b", ""}}),
                filter("f", condition, "j"), sink("f")};
  plan.job.bounded = true;
  return plan;
}

TEST(ColumnsThatAreRead, AreAllThatASourceGives) {
  const Plan run = rewritten(through(node("w", counts())));
  EXPECT_THAT(names_of(run, "orders"), ElementsAre("user", "ts"));
  const auto& source = std::get<SourceSpec>(run.find("orders")->spec);
  EXPECT_EQ(source.schema->size(), 7U);
  EXPECT_THAT(*source.read, ElementsAre("user", "ts"));
}

TEST(ColumnsThatAreRead, MayBeNone) {
  WindowSpec spec{.kind = WindowKind::kCount, .time = TimeKind::kProcessing, .count = 3};
  spec.aggregates = {aggregate("n", "COUNT")};
  Plan plan = through(node("w", spec));
  std::get<SourceSpec>(plan.nodes[0].spec).watermark.reset();
  EXPECT_THAT(names_of(rewritten(plan), "orders"), IsEmpty());
}

TEST(ColumnsThatAreRead, AreAllWhereTheSourceSaysSo) {
  Plan plan = through(node("w", counts()));
  std::get<SourceSpec>(plan.nodes[0].spec).decode_all = true;
  EXPECT_EQ(rewritten(plan).find("orders")->schema->size(), 7U);
}

TEST(ColumnsThatAreRead, LeaveProjectionsWithoutTheOthers) {
  ProjectSpec spec{{{"k", parsed("user")},
                    {"ts", parsed("ts")},
                    {"price", parsed("price")},
                    {"big", parsed("amount > 3")},
                    {"fails", parsed("1 / n")}}};
  Plan plan = through(node("w", counts()));
  std::get<WindowSpec>(plan.nodes[1].spec).keys = {"k"};
  plan.nodes[1].inputs[0].node = "p";
  plan.nodes.push_back(node("p", spec, {{"orders", ""}}));
  const Plan run = rewritten(plan);
  // What may fail makes dead letters, whoever reads it.
  EXPECT_THAT(names_of(run, "p"), ElementsAre("k", "ts", "fails"));
  EXPECT_THAT(names_of(run, "orders"), ElementsAre("user", "n", "ts"));
}

TEST(ColumnsThatAreRead, AreThoseOfTheRowsThatAJoinKeeps) {
  Plan plan = filtered_join("n0 > 3");
  plan.nodes.push_back(node("p", ProjectSpec{{{"x", parsed("id0")}}}, {{"f", ""}}));
  plan.nodes[4] = sink("p");
  const Plan run = rewritten(plan);
  EXPECT_EQ(run.find("a")->schema->size(), 7U);
  EXPECT_EQ(run.find("b")->schema->size(), 7U);
}

TEST(ColumnsThatAreRead, AreThoseOfTheRowsThatADeduplicationKeeps) {
  for (const bool last : {false, true}) {
    Plan plan = through(node("w", DeduplicateSpec{.keys = {"user"}, .keep_last = last}));
    plan.nodes.push_back(node("p", ProjectSpec{{{"x", parsed("n")}}}, {{"w", ""}}));
    plan.nodes[2] = sink("p");
    EXPECT_EQ(rewritten(plan).find("orders")->schema->size(), last ? 7U : 3U);
  }
}

TEST(ColumnsThatAreRead, AreTheSameInAllInputsOfAUnion) {
  Plan plan;
  plan.nodes = {orders("a"),
                orders("b"),
                orders("c"),
                filter("f", "price > 3", "a"),
                node("u", UnionSpec{}, {{"f", ""}, {"b", ""}}),
                node("v", UnionSpec{}, {{"c", ""}, {"u", ""}}),
                node("w", counts(), {{"v", ""}}),
                sink("w")};
  const Plan run = rewritten(plan);
  for (const char* id : {"a", "b", "c", "u", "v"}) {
    EXPECT_THAT(names_of(run, id), ElementsAre("user", "price", "ts")) << id;
  }
  // One whose rows somebody else takes whole.
  plan.nodes.push_back(sink("b"));
  plan.nodes.back().id = "all";
  EXPECT_EQ(rewritten(plan).find("c")->schema->size(), 7U);
}

TEST(ColumnsThatAreRead, AreThoseOfLateRows) {
  Plan plan = through(node("w", counts()));
  std::get<WindowSpec>(plan.nodes[1].spec).late_output = true;
  plan.nodes.push_back(node("p", ProjectSpec{{{"x", parsed("n")}}}, {{"w", "late"}}));
  plan.nodes.push_back(sink("p"));
  plan.nodes.back().id = "late";
  EXPECT_THAT(names_of(rewritten(plan), "orders"), ElementsAre("user", "n", "ts"));
}

TEST(AFilter, IsTestedInFrontOfAUnion) {
  const Plan plan = valid(filtered_union("amount > 3 AND user = 'x'"));
  const Plan run = rewritten(plan);
  EXPECT_EQ(run.find("f"), nullptr);
  EXPECT_EQ(input_of(run, "out"), "u");
  for (const auto& [input, source] : {std::pair(0, "a"), std::pair(1, "b")}) {
    const std::string put_in = input_of(run, "u", static_cast<size_t>(input));
    EXPECT_EQ(input_of(run, put_in), source);
    EXPECT_EQ(condition_of(run, put_in), condition_of(plan, "f"));
    EXPECT_EQ(run.find(put_in)->part_of, "f");
  }
  const auto moved = moved_filters(plan, run);
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].filter, "f");
  EXPECT_TRUE(moved[0].whole);
  EXPECT_THAT(moved[0].before, ElementsAre("u"));
}

TEST(AFilter, PassesProjectionsOnItsWayUnderOtherNames) {
  Plan plan = filtered_union("big AND x > 3");
  plan.nodes[3].inputs[0].node = "p";
  plan.nodes.push_back(
      node("p", ProjectSpec{{{"x", parsed("amount")}, {"big", parsed("TRUE")}}}, {{"u", ""}}));
  EXPECT_THAT(condition_of(rewritten(plan), "f#1"), HasSubstr("amount > 3"));
  // At which no row may fail, and which nobody else reads.
  Plan failing = plan;
  std::get<ProjectSpec>(failing.nodes[5].spec).columns.push_back({"y", parsed("1 / n")});
  EXPECT_NE(rewritten(failing).find("f"), nullptr);
  plan.nodes.push_back(sink("p"));
  plan.nodes.back().id = "all";
  EXPECT_NE(rewritten(plan).find("f"), nullptr);
}

TEST(AFilter, PassesUnionsOfUnions) {
  Plan plan = filtered_union("amount > 3");
  plan.nodes[2].inputs[1].node = "v";
  plan.nodes.push_back(orders("c"));
  plan.nodes.push_back(node("v", UnionSpec{}, {{"b", ""}, {"c", ""}}));
  const Plan run = rewritten(plan);
  for (const char* source : {"a", "b", "c"}) {
    const auto reads = [&](const Node& node) {
      return !node.inputs.empty() && node.inputs[0].node == source && node.part_of == "f";
    };
    EXPECT_EQ(std::ranges::count_if(run.nodes, reads), 1) << source;
  }
}

TEST(AFilter, StaysWhereItMayFail) {
  for (const char* condition :
       {"1 / n > 3", "amount > 3 AND 1 / n > 3", "CAST(user AS INT) > 3", "RAND() > 0.5"}) {
    EXPECT_THAT(
        moved_filters(valid(filtered_union(condition)), rewritten(filtered_union(condition))),
        IsEmpty())
        << condition;
  }
}

TEST(AFilter, StaysBehindOneThatMayFail) {
  Plan plan = filtered_union("amount > 3");
  plan.nodes[3].inputs[0].node = "g";
  plan.nodes.push_back(filter("g", "1 / n > 3", "u"));
  EXPECT_NE(rewritten(plan).find("f"), nullptr);
  std::get<FilterSpec>(plan.nodes.back().spec).condition = parsed("n > 3");
  EXPECT_EQ(rewritten(plan).find("f"), nullptr);
}

TEST(AFilter, StaysBehindWindowsAndBehindJoinsThatAreNotBounded) {
  Plan plan = filtered_join("amount > 3");
  EXPECT_EQ(rewritten(plan).find("f"), nullptr);
  plan.job.bounded = false;
  EXPECT_NE(rewritten(plan).find("f"), nullptr);
  Plan window = through(node("w", counts()));
  window.nodes[2] = sink("f");
  window.nodes.push_back(filter("f", "user = 'x'", "w"));
  EXPECT_NE(rewritten(window).find("f"), nullptr);
}

TEST(AFilterBehindAJoin, IsTestedOnItsSide) {
  const Plan run = rewritten(filtered_join("amount > 3 AND n0 > 5 AND n < n0"));
  EXPECT_EQ(condition_of(run, input_of(run, "j", 0)), parsed("amount > 3")->to_string());
  EXPECT_EQ(condition_of(run, input_of(run, "j", 1)), parsed("n > 5")->to_string());
  EXPECT_EQ(condition_of(run, "f"), parsed("n < n0")->to_string());
}

TEST(AFilterBehindAJoin, StaysWhereRowsWithoutAPartnerWouldCome) {
  const auto sides = [](JoinKind kind) {
    const bool both = kind != JoinKind::kSemi && kind != JoinKind::kAnti;
    const Plan run = rewritten(filtered_join(both ? "n > 1 AND n0 > 2" : "n > 1", kind));
    return std::string(input_of(run, "j", 0) == "a" ? "" : "left") +
           (input_of(run, "j", 1) == "b" ? "" : "right");
  };
  EXPECT_EQ(sides(JoinKind::kInner), "leftright");
  EXPECT_EQ(sides(JoinKind::kLeft), "left");
  EXPECT_EQ(sides(JoinKind::kRight), "right");
  EXPECT_EQ(sides(JoinKind::kFull), "");
  EXPECT_EQ(sides(JoinKind::kSemi), "left");
  EXPECT_EQ(sides(JoinKind::kAnti), "left");
}

// TRUE AND 1 / 0 > 2 fails, and so does NULL AND 1 / 0 > 2; FALSE AND 1 / 0 > 2 does not.
TEST(AFilterBehindAJoin, LeavesBehindWhatLetsAnotherPartFail) {
  const Plan run = rewritten(filtered_join("id > 1 AND n > 1 AND 1 / n > 2 AND id > 3"));
  EXPECT_EQ(condition_of(run, input_of(run, "j", 0)), parsed("id > 1")->to_string());
  EXPECT_EQ(condition_of(run, "f"), parsed("n > 1 AND 1 / n > 2 AND id > 3")->to_string());
}

TEST(AFilterBehindAJoin, StaysWhereAPairMayFail) {
  Plan plan = filtered_join("n > 1");
  std::get<IntervalJoinSpec>(plan.nodes[2].spec).condition = parsed("1 / n < n0");
  EXPECT_NE(rewritten(plan).find("f"), nullptr);
  std::get<IntervalJoinSpec>(plan.nodes[2].spec).condition = parsed("n < n0");
  EXPECT_EQ(rewritten(plan).find("f"), nullptr);
}

TEST(AFilterBehindAJoin, StaysWhereARowMayHaveNoTime) {
  Plan plan = filtered_join("n > 1");
  for (size_t i : {0, 1}) std::get<SourceSpec>(plan.nodes[i].spec).watermark.reset();
  auto& spec = std::get<IntervalJoinSpec>(plan.nodes[2].spec);
  spec.left_time = spec.right_time = "ts";
  EXPECT_NE(rewritten(plan).find("f"), nullptr);
}

TEST(ARestartWithAChangedPlan, RefusesOtherFiltersBehindABoundedJoin) {
  const auto change = [](const Plan& before, const Plan& after) {
    for (const NodeChange& one : compare_for_restart(valid(before), valid(after))) {
      if (one.id == "j") return one;
    }
    return NodeChange{};
  };
  const Plan before = filtered_join("n > 1");
  EXPECT_EQ(change(before, before).change, Continuity::kKept);
  const NodeChange refused = change(before, filtered_join("n > 2"));
  EXPECT_EQ(refused.change, Continuity::kIncompatible);
  EXPECT_THAT(refused.reason, HasSubstr("n > 1"));
  // What cannot be tested in front of it is free, as is all where nothing is moved.
  EXPECT_EQ(change(filtered_join("n < n0"), filtered_join("n > n0")).change, Continuity::kKept);
  Plan one = before, other = filtered_join("n > 2");
  one.job.bounded = other.job.bounded = false;
  EXPECT_EQ(change(one, other).change, Continuity::kKept);
  // So is what stood in front of it anyway.
  Plan in_front = before;
  in_front.nodes[2].inputs[0].node = "g";
  in_front.nodes.push_back(filter("g", "n > 7", "a"));
  EXPECT_EQ(change(before, in_front).change, Continuity::kKept);
}

TEST(AnExplainedPlan, TellsWhatIsReadAndWhereFiltersAreTested) {
  Plan plan = filtered_union("amount > 3");
  plan.nodes[4] = sink("w");
  plan.nodes.push_back(node("w", counts(), {{"f", ""}}));
  const std::string text = explain(valid(plan));
  EXPECT_THAT(text, HasSubstr("reads 3 of 7 columns: user, amount, ts"));
  EXPECT_THAT(text, HasSubstr("filter \"f\": amount > 3, tested in front of u"));
  EXPECT_THAT(text, Not(HasSubstr("#")));
}

TEST(TheRewritesOfAPlan, AreValidForEveryKindOfNode) { rewritten(every_kind()); }

}  // namespace
}  // namespace dataflow::plan
