#include <gtest/gtest.h>

#include <algorithm>

#include "plan/plan.h"
#include "sample_plans.h"

namespace dataflow::plan {
namespace {

Plan valid(Plan plan) {
  const Status status = validate(plan);
  EXPECT_TRUE(status.ok()) << status;
  return plan;
}

std::string schema_text(const Plan& plan, const std::string& id) {
  const Node* node = plan.find(id);
  return node == nullptr || node->schema == nullptr ? "none" : node->schema->to_string();
}

constexpr const char* kWindowColumns =
    "window_start TIMESTAMP(3) NOT NULL, window_end TIMESTAMP(3) NOT NULL, "
    "window_time TIMESTAMP(3) NOT NULL, ";

TEST(AValidPlan, MayHaveEveryKindOfNode) {
  const Plan plan = valid(every_kind());
  EXPECT_EQ(plan.find("big")->event_time, "ts");
  EXPECT_EQ(schema_text(plan, "small"), "(user STRING, when TIMESTAMP(3), double DOUBLE)");
  EXPECT_EQ(plan.find("small")->event_time, "when");
  EXPECT_EQ(schema_text(plan, "counted"),
            std::string("(") + kWindowColumns + "user STRING, n BIGINT NOT NULL, total DOUBLE)");
  EXPECT_EQ(plan.find("counted")->event_time, "window_time");
  EXPECT_EQ(plan.find("near")->event_time, "when");
  EXPECT_EQ(plan.find("near")->schema->fields()[4].name, "user0");
  EXPECT_EQ(plan.find("both")->event_time, "ts");
  EXPECT_EQ(*schema_of(plan, {"counted", "late"}), *plan.find("orders")->schema);
}

TEST(AValidPlan, StaysAsItIsWhenValidatedAgain) {
  Plan plan = valid(every_kind());
  const std::string once = to_json(plan);
  EXPECT_EQ(to_json(valid(plan)), once);
  const auto stored = plan_from_json(once);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(explain(valid(*stored)), explain(plan));
}

TEST(AValidPlan, MayComeInAnyOrder) {
  Plan plan = every_kind();
  std::reverse(plan.nodes.begin(), plan.nodes.end());
  plan = valid(plan);
  for (const Node& node : plan.nodes) {
    for (const Input& input : node.inputs) EXPECT_LT(plan.find(input.node), &node);
  }
}

TEST(AValidPlan, SpellsNamesAsTheyAreDeclared) {
  WindowSpec window = counts();
  window.keys = {"USER"};
  window.aggregates = {aggregate("s", "stddev", "amount")};
  const Plan plan = valid(through(node("w", window)));
  const auto& spec = std::get<WindowSpec>(plan.find("w")->spec);
  EXPECT_EQ(spec.keys[0], "user");
  EXPECT_EQ(spec.time_column, "ts");
  EXPECT_EQ(spec.aggregates[0].function, "STDDEV_SAMP");
}

TEST(AValidPlan, OfABoundedJobNeedsNoWatermark) {
  WindowSpec window = counts();
  window.time_column = "ts";
  Plan plan = through(node("w", window));
  std::get<SourceSpec>(plan.nodes[0].spec).watermark.reset();
  EXPECT_FALSE(validate(plan).ok());
  plan.job.bounded = true;
  EXPECT_EQ(valid(plan).find("w")->event_time, "window_time");
}

TEST(AValidPlan, HasWindowsOfProcessingTimeAndOfRowsWithoutAWatermark) {
  WindowSpec window = counts();
  window.time = TimeKind::kProcessing;
  Plan plan = through(node("w", window));
  std::get<SourceSpec>(plan.nodes[0].spec).watermark.reset();
  plan = valid(plan);
  EXPECT_EQ(schema_text(plan, "w"),
            std::string("(") + kWindowColumns + "user STRING, n BIGINT NOT NULL)");
  EXPECT_EQ(plan.find("w")->event_time, std::nullopt);
  window = counts();
  window.kind = WindowKind::kCount;
  window.size_ms = 0;
  window.count = 3;
  EXPECT_EQ(schema_text(valid(through(node("w", window))), "w"),
            "(user STRING, n BIGINT NOT NULL)");
}

TEST(AValidPlan, NamesAndTypesWhatItJoins) {
  const auto joined = [](JoinKind kind) {
    IntervalJoinSpec spec{.kind = kind, .left_keys = {"k"}, .right_keys = {"k"}};
    Plan plan;
    for (const char* id : {"a", "b"}) {
      Node source = orders(id);
      auto& of = std::get<SourceSpec>(source.spec);
      of.schema = schema({{"k", Type::int64(), false}, {"ts", Type::timestamp(3), false}});
      plan.nodes.push_back(source);
    }
    plan.nodes.push_back(node("j", spec, {{"a", ""}, {"b", ""}}));
    plan.nodes.push_back(sink("j"));
    plan = valid(plan);
    return schema_text(plan, "j") + " " + plan.find("j")->event_time.value_or("none");
  };
  EXPECT_EQ(joined(JoinKind::kInner),
            "(k BIGINT NOT NULL, ts TIMESTAMP(3) NOT NULL, k0 BIGINT NOT NULL, "
            "ts0 TIMESTAMP(3) NOT NULL) ts");
  EXPECT_EQ(joined(JoinKind::kLeft),
            "(k BIGINT NOT NULL, ts TIMESTAMP(3) NOT NULL, k0 BIGINT, ts0 TIMESTAMP(3)) ts");
  EXPECT_EQ(joined(JoinKind::kRight),
            "(k BIGINT, ts TIMESTAMP(3), k0 BIGINT NOT NULL, ts0 TIMESTAMP(3) NOT NULL) ts0");
  EXPECT_EQ(joined(JoinKind::kFull),
            "(k BIGINT, ts TIMESTAMP(3), k0 BIGINT, ts0 TIMESTAMP(3)) none");
  EXPECT_EQ(joined(JoinKind::kAnti), "(k BIGINT NOT NULL, ts TIMESTAMP(3) NOT NULL) ts");
}

TEST(AValidPlan, IsExplainedAsATree) {
  Plan plan = through(node("counted", counts()));
  EXPECT_EQ(explain(valid(plan)),
            "plan \"sample\": parallelism of the machine, checkpoint every 50ms\n"
            "sink \"out\": log topic=results, json\n"
            "└─ tumbling window \"counted\": 1m of ts by (user): n = COUNT(*)  → (" +
                std::string(kWindowColumns) +
                "user STRING, n BIGINT NOT NULL), event time window_time\n"
                "   └─ source \"orders\": log topic=orders, json, watermark ts - 5s, reads 2 of 7 "
                "columns: user, ts  → (id BIGINT NOT NULL, user STRING, amount DOUBLE, price "
                "DECIMAL(10, 2), n INT, ts "
                "TIMESTAMP(3), tags ARRAY<STRING>), event time ts\n");
}

TEST(AnExplanation, HidesSecretsAndShowsANodeOnce) {
  Plan plan = every_kind();
  std::get<SinkSpec>(plan.nodes.back().spec).options["password"] = "hunter2";
  const std::string text = explain(valid(plan));
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  EXPECT_NE(text.find("password=***"), std::string::npos);
  EXPECT_NE(text.find("source \"orders\" (shown above)\n"), std::string::npos);
  EXPECT_NE(text.find("└─ [rich] split \"ways\""), std::string::npos);
}

}  // namespace
}  // namespace dataflow::plan
