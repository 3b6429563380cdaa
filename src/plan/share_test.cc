#include "plan/share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sample_plans.h"

namespace dataflow::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

template <class Of>
size_t count_of(const Plan& plan) {
  return static_cast<size_t>(std::ranges::count_if(
      plan.nodes, [](const Node& node) { return std::holds_alternative<Of>(node.spec); }));
}

Node project(std::string id, std::vector<std::pair<std::string, std::string>> columns,
             std::string from) {
  ProjectSpec spec;
  for (const auto& [name, text] : columns) spec.columns.push_back({name, parsed(text)});
  return node(std::move(id), spec, {{std::move(from), ""}});
}

Node window(std::string id, std::vector<Aggregate> aggregates, std::string from) {
  WindowSpec spec = counts();
  spec.aggregates = std::move(aggregates);
  return node(std::move(id), spec, {{std::move(from), ""}});
}

Node out(const std::string& from) {
  Node made = sink(from);
  made.id = "out_" + from;
  return made;
}

// orders -> p1 -> w1 -> out_w1, orders -> p2 -> w2 -> out_w2.
Plan two_windows(const std::string& first, const std::string& second) {
  Plan plan;
  plan.nodes = {orders(),
                project("p1", {{"user", "user"}, {"x", first}, {"ts", "ts"}}, "orders"),
                window("w1", {aggregate("n", "COUNT"), aggregate("s", "MAX", "x")}, "p1"),
                out("w1"),
                project("p2", {{"ts", "ts"}, {"y", second}, {"user", "user"}}, "orders"),
                window("w2", {aggregate("s", "MIN", "y"), aggregate("c", "COUNT")}, "p2"),
                out("w2")};
  return plan;
}

Plan shared(Plan plan) {
  const Status valid = validate(plan);
  EXPECT_TRUE(valid.ok()) << valid;
  if (!valid.ok()) return plan;
  Result<Plan> made = with_shared_nodes(plan);
  EXPECT_TRUE(made.ok()) << made.status();
  if (!made.ok()) return plan;
  // What every sink is given stays.
  for (const Node& node : plan.nodes) {
    if (!std::holds_alternative<SinkSpec>(node.spec)) continue;
    const Schema& was = *schema_of(plan, node.inputs[0]);
    const Schema& is = *schema_of(*made, made->find(node.id)->inputs[0]);
    EXPECT_EQ(was, is) << explain(*made);
  }
  return *made;
}

std::vector<std::string> names_of(const Schema& schema) {
  std::vector<std::string> names;
  for (const Field& field : schema.fields()) names.push_back(field.name);
  return names;
}

TEST(ShareTest, WindowsOverTheSameRowsBecomeOneWhateverTheyGather) {
  const Plan plan = shared(two_windows("amount", "n"));
  EXPECT_EQ(count_of<WindowSpec>(plan), 1U) << explain(plan);
  const Node& node = *plan.find("w1");
  EXPECT_THAT(names_of(*node.schema),
              ElementsAre("window_start", "window_end", "window_time", "user", "n", "s", "s_2"));
  // What COUNT counts is counted once, and the projections are one.
  const Node& below = *plan.find(node.inputs[0].node);
  EXPECT_THAT(names_of(*below.schema), ElementsAre("user", "ts", "x", "y"));
  EXPECT_EQ(below.inputs[0].node, "orders");
  EXPECT_EQ(count_of<ProjectSpec>(plan), 3U) << explain(plan);
}

TEST(ShareTest, WhatMayFailMustBeTheSameInAll) {
  // A row whose text is no number has no place in the one, and one in the other.
  EXPECT_EQ(count_of<WindowSpec>(shared(two_windows("CAST(user AS INT)", "n"))), 2U);
  EXPECT_EQ(count_of<WindowSpec>(shared(two_windows("CAST(user AS INT)", "CAST(user AS INT)"))),
            1U);
  EXPECT_EQ(count_of<WindowSpec>(shared(two_windows("RAND()", "RAND()"))), 2U);
}

TEST(ShareTest, AnArgumentFailsWhereItsFilterLetsItBeComputed) {
  const auto windows_with = [](const char* filter) {
    Plan plan = two_windows("user", "user");
    for (const size_t i : {2, 5}) {
      auto& spec = std::get<WindowSpec>(plan.nodes[i].spec);
      for (Aggregate& each : spec.aggregates) {
        if (each.argument == nullptr) continue;
        each = aggregate("s", "SUM", i == 2 ? "CAST(x AS INT)" : "CAST(y AS INT)");
        if (i == 5 && filter != nullptr) each.filter = parsed(filter);
      }
    }
    return count_of<WindowSpec>(shared(plan));
  };
  EXPECT_EQ(windows_with(nullptr), 1U);
  EXPECT_EQ(windows_with("y <> 'x'"), 2U);
}

TEST(ShareTest, OtherWindowsStayApart) {
  const auto windows_with = [](auto change) {
    Plan plan = two_windows("amount", "n");
    change(std::get<WindowSpec>(plan.nodes[5].spec), std::get<ProjectSpec>(plan.nodes[4].spec));
    return count_of<WindowSpec>(shared(plan));
  };
  EXPECT_EQ(windows_with([](WindowSpec&, ProjectSpec&) {}), 1U);
  EXPECT_EQ(windows_with([](WindowSpec& w, ProjectSpec&) { w.size_ms = 30000; }), 2U);
  EXPECT_EQ(windows_with([](WindowSpec& w, ProjectSpec&) { w.offset_ms = 1; }), 2U);
  EXPECT_EQ(windows_with([](WindowSpec& w, ProjectSpec&) { w.keys = {"y"}; }), 2U);
  EXPECT_EQ(windows_with([](WindowSpec& w, ProjectSpec&) { w.keys = {}; }), 2U);
  EXPECT_EQ(windows_with([](WindowSpec& w, ProjectSpec&) { w.emit_changes = true; }), 2U);
  EXPECT_EQ(
      windows_with([](WindowSpec&, ProjectSpec& p) { p.columns[2].expression = parsed("id"); }),
      2U);
}

TEST(ShareTest, KeysMayHaveOtherNames) {
  Plan plan = two_windows("amount", "n");
  auto& second = std::get<ProjectSpec>(plan.nodes[4].spec);
  second.columns[2].name = "who";
  std::get<WindowSpec>(plan.nodes[5].spec).keys = {"who"};
  const Plan made = shared(plan);
  EXPECT_EQ(count_of<WindowSpec>(made), 1U);
  EXPECT_THAT(explain(made), HasSubstr("user AS who"));
}

TEST(ShareTest, EqualNodesBecomeOneAndWindowsBehindThemAlike) {
  Plan plan;
  plan.nodes = {orders()};
  for (const std::string i : {"1", "2"}) {
    plan.nodes.push_back(node("f" + i, FilterSpec{parsed("amount > 3")}, {{"orders", ""}}));
    plan.nodes.push_back(window("w" + i, {aggregate("n" + i, "COUNT")}, "f" + i));
    WindowSpec again = counts();
    again.keys.clear();
    again.time_column = "window_time";
    again.aggregates = {aggregate("m", "MAX", "n" + i)};
    plan.nodes.push_back(node("again" + i, again, {{"w" + i, ""}}));
    plan.nodes.push_back(out("again" + i));
  }
  const Plan made = shared(plan);
  EXPECT_EQ(count_of<FilterSpec>(made), 1U) << explain(made);
  EXPECT_EQ(count_of<WindowSpec>(made), 2U) << explain(made);
}

TEST(ShareTest, RandomNumbersAreDrawnByEach) {
  Plan plan;
  plan.nodes = {orders()};
  for (const std::string i : {"1", "2"}) {
    plan.nodes.push_back(project("r" + i, {{"r", "RAND()"}}, "orders"));
    plan.nodes.push_back(project("n" + i, {{"n", "n + 1"}}, "orders"));
    for (const char* of : {"r", "n"}) plan.nodes.push_back(out(of + i));
  }
  const Plan made = shared(plan);
  EXPECT_NE(made.find("r2"), nullptr);
  EXPECT_EQ(made.find("n2"), nullptr);
  EXPECT_EQ(made.find("out_n2")->inputs[0].node, "n1");
}

TEST(ShareTest, APlanWithNothingInCommonStaysAsItIs) {
  Plan plan = every_kind();
  const Status valid = validate(plan);
  ASSERT_TRUE(valid.ok()) << valid;
  const Result<Plan> made = with_shared_nodes(plan);
  ASSERT_TRUE(made.ok()) << made.status();
  Plan one = through(node("w", counts()));
  ASSERT_TRUE(validate(one).ok());
  const Result<Plan> same = with_shared_nodes(one);
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(to_json(*same), to_json(one));
}

}  // namespace
}  // namespace dataflow::plan
