#include "stages.h"

#include <gtest/gtest.h>

namespace dataflow::engine {
namespace {

SchemaPtr schema() {
  return std::make_shared<Schema>(std::vector<Field>{{"k", Type::string()}, {"v", Type::int64()}});
}

plan::Node node(std::string id, std::vector<plan::Input> inputs, plan::Spec spec) {
  plan::Node made{std::move(id), std::move(inputs), std::move(spec)};
  made.schema = schema();
  return made;
}

plan::WindowSpec window(std::vector<std::string> keys) {
  plan::WindowSpec spec;
  spec.keys = std::move(keys);
  return spec;
}

// "stage: nodes xN" in order.
std::vector<std::string> words(const Stages& stages) {
  std::vector<std::string> made;
  for (const Stage& stage : stages.stages) {
    std::string text;
    for (const plan::Node* one : stage.nodes) text += one->id + " ";
    made.push_back(text + "x" + std::to_string(stage.parallelism));
  }
  return made;
}

TEST(StagesTest, AKeyedOperatorGetsItsOwnStageAndTheRestStays) {
  plan::Plan plan;
  plan.nodes = {node("src", {}, plan::SourceSpec{}), node("f", {{"src"}}, plan::FilterSpec{}),
                node("w", {{"f"}}, window({"v"})), node("p", {{"w"}}, plan::ProjectSpec{}),
                node("out", {{"p"}}, plan::SinkSpec{})};
  const auto stages = cut_into_stages(plan, 4, {{"src", 2}});
  ASSERT_TRUE(stages.ok());
  EXPECT_EQ(words(*stages), (std::vector<std::string>{"src f x2", "w p out x4"}));
  ASSERT_EQ(stages->edges.size(), 1U);
  EXPECT_EQ(stages->edges[0].routing, Routing::kKeyed);
  EXPECT_EQ(stages->edges[0].keys, std::vector<size_t>{1});
  EXPECT_EQ(stages->edges[0].from_node, "f");
}

TEST(StagesTest, OneTaskNeedsNoExchange) {
  plan::Plan plan;
  plan.nodes = {node("src", {}, plan::SourceSpec{}), node("w", {{"src"}}, window({"k"})),
                node("out", {{"w"}}, plan::SinkSpec{})};
  const auto stages = cut_into_stages(plan, 1, {{"src", 8}});
  ASSERT_TRUE(stages.ok());
  EXPECT_EQ(words(*stages), (std::vector<std::string>{"src w out x1"}));
}

TEST(StagesTest, AWindowWithoutKeysIsOneTask) {
  plan::Plan plan;
  plan.nodes = {node("src", {}, plan::SourceSpec{}), node("w", {{"src"}}, window({})),
                node("out", {{"w"}}, plan::SinkSpec{})};
  const auto stages = cut_into_stages(plan, 3, {{"src", 3}});
  ASSERT_TRUE(stages.ok());
  EXPECT_EQ(words(*stages), (std::vector<std::string>{"src x3", "w out x1"}));
}

TEST(StagesTest, AJoinWithoutKeysIsOneTask) {
  plan::Plan plan;
  plan::JoinSpec join;
  plan.nodes = {node("a", {}, plan::SourceSpec{}), node("b", {}, plan::SourceSpec{}),
                node("j", {{"a"}, {"b"}}, join), node("out", {{"j"}}, plan::SinkSpec{})};
  auto stages = cut_into_stages(plan, 3, {{"a", 3}, {"b", 2}});
  ASSERT_TRUE(stages.ok());
  EXPECT_EQ(words(*stages), (std::vector<std::string>{"a x3", "b x2", "j out x1"}));
  join.left_keys = {"k"};
  join.right_keys = {"k"};
  plan.nodes[2].spec = join;
  stages = cut_into_stages(plan, 3, {{"a", 3}, {"b", 2}});
  ASSERT_TRUE(stages.ok());
  EXPECT_EQ(words(*stages), (std::vector<std::string>{"a x3", "b x2", "j out x3"}));
}

TEST(StagesTest, AUnionJoinsItsInputsAndOneSourceMayFeedSeveral) {
  plan::Plan plan;
  plan.nodes = {node("a", {}, plan::SourceSpec{}), node("b", {}, plan::SourceSpec{}),
                node("both", {{"a"}, {"b"}}, plan::UnionSpec{}),
                node("out", {{"both"}}, plan::SinkSpec{}), node("also", {{"a"}}, plan::SinkSpec{})};
  const auto stages = cut_into_stages(plan, 2, {{"a", 2}, {"b", 1}});
  ASSERT_TRUE(stages.ok());
  EXPECT_EQ(words(*stages), (std::vector<std::string>{"a also x2", "b x1", "both out x2"}));
  ASSERT_EQ(stages->edges.size(), 2U);
  EXPECT_EQ(stages->edges[0].routing, Routing::kForward);
  EXPECT_EQ(stages->edges[1].routing, Routing::kInTurn);
  EXPECT_EQ(stages->edges[1].to_input, 1U);
}

// Else a row's first state could come behind what it is now.
TEST(StagesTest, ChangesOfOneTaskGoToOneTask) {
  plan::Plan plan;
  plan::WindowSpec whole = window({});
  plan.nodes = {node("a", {}, plan::SourceSpec{}), node("b", {}, plan::SourceSpec{}),
                node("w", {{"a"}}, whole), node("both", {{"w"}, {"b"}}, plan::UnionSpec{}),
                node("out", {{"both"}}, plan::SinkSpec{})};
  const auto routing_of_window = [&] {
    const auto stages = cut_into_stages(plan, 2, {{"a", 2}, {"b", 2}});
    EXPECT_TRUE(stages.ok());
    for (const StageEdge& edge : stages->edges) {
      if (edge.from_node == "w") return edge.routing;
    }
    return Routing::kForward;
  };
  EXPECT_EQ(routing_of_window(), Routing::kInTurn);
  whole.allowed_lateness_ms = 1;
  plan.nodes[2].spec = whole;
  EXPECT_EQ(routing_of_window(), Routing::kToOne);
}

}  // namespace
}  // namespace dataflow::engine
