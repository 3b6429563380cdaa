#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "plan/plan.h"
#include "sample_plans.h"

namespace dataflow::plan {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(PlanAsJson, HasOneFixedForm) {
  Plan plan;
  plan.name = "p";
  Node window = node("w", counts(), {{"s", "late"}});
  window.parallelism = 3;
  window.place = {4, 5};
  plan.nodes.push_back(window);
  EXPECT_EQ(
      to_json(plan),
      R"({"version":1,"name":"p","job":{"parallelism":0,"checkpoint_interval_ms":50,)"
      R"("queue_rows":0,"on_error":"dead_letter","restart":{"max_attempts":10,)"
      R"("window_ms":600000,"backoff_ms":200,"max_backoff_ms":30000},"bounded":false},)"
      R"("nodes":[{"id":"w","inputs":[{"node":"s","output":"late"}],"parallelism":3,)"
      R"("place":{"line":4,"column":5},"kind":"window","spec":{"kind":"tumbling",)"
      R"("time":"event","time_column":"","size_ms":60000,"slide_ms":0,"gap_ms":0,"count":0,)"
      R"("count_slide":0,"offset_ms":0,"time_zone":"","allowed_lateness_ms":0,"keys":["user"],)"
      R"("aggregates":[{"name":"n","function":"COUNT","distinct":false}],)"
      R"("late_output":false,"emit_changes":false}}]})");
}

TEST(PlanAsJson, ComesBackWithEveryKindOfNode) {
  const Plan plan = every_kind();
  const std::string text = to_json(plan);
  const auto back = plan_from_json(text);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(to_json(*back), text);
  ASSERT_EQ(back->nodes.size(), plan.nodes.size());
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    EXPECT_EQ(back->nodes[i].spec.index(), plan.nodes[i].spec.index());
  }
  const auto& source = std::get<SourceSpec>(back->find("orders")->spec);
  EXPECT_EQ(*source.schema, *std::get<SourceSpec>(plan.find("orders")->spec).schema);
  EXPECT_EQ(source.watermark->delay_ms, 5000);
  EXPECT_EQ(back->find("orders")->place.line, 3);
  EXPECT_EQ(std::get<SinkSpec>(back->find("rich")->spec).guarantee, Guarantee::kExactlyOnce);
}

TEST(PlanAsJson, ComesBackWhateverItsFieldsHold) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 300; ++i) {
    const std::string text = to_json(random_plan(random));
    const auto back = plan_from_json(text);
    ASSERT_TRUE(back.ok()) << back.status() << "\n" << text;
    ASSERT_EQ(to_json(*back), text);
  }
}

TEST(PlanAsJson, LeavesOutWhatHasADefault) {
  const auto plan = plan_from_json(
      R"({"version": 1, "nodes": [{"id": "o", "kind": "sink", "spec": {"connector": )"
      R"("console"}}]})");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->job.checkpoint_interval_ms, 50);
  EXPECT_EQ(std::get<SinkSpec>(plan->nodes[0].spec).guarantee, std::nullopt);
}

TEST(PlanAsJson, OfANewerVersionIsUnsupported) {
  const auto plan = plan_from_json(R"({"version": 2, "what": "ever"})");
  EXPECT_EQ(plan.status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(plan.status().message(),
            "plan: has version 2; this build reads up to 1: use a newer one");
}

TEST(PlanAsJson, ThatIsNoJsonIsRefused) {
  for (const char* text : {"", "{", "[1", "{\"version\": 1, \"version\": 1"}) {
    const auto plan = plan_from_json(text);
    EXPECT_EQ(plan.status().code(), StatusCode::kInvalid) << text;
    EXPECT_THAT(plan.status().message(), StartsWith("plan: is not JSON: ")) << text;
  }
}

TEST(PlanAsJson, ThatIsNestedWithoutEndIsRefused) {
  const auto plan = plan_from_json(std::string(2'000'000, '['));
  EXPECT_EQ(plan.status().code(), StatusCode::kInvalid);
  std::string deep = R"({"version": 1, "nodes": )";
  deep += std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(plan_from_json(deep).status().message(), "plan: is nested too deeply");
}

struct Refused {
  const char* json;
  const char* message;
};

constexpr Refused kRefused[] = {
    {"[]", "plan: is no object"},
    {"{}", R"(plan: has no "version")"},
    {R"({"version": "1"})", R"(plan: version "1" is no version)"},
    {R"({"version": 0})", "plan: version 0 is no version"},
    {R"({"version": 1})", R"(plan: has no "nodes")"},
    {R"({"version": 1, "nodes": {}})", "plan.nodes: is object, not an array"},
    {R"({"version": 1, "nodes": [], "nmae": "x"})",
     R"(plan: unknown key "nmae"; did you mean "name"?)"},
    {R"({"version": 1, "nodes": [], "nodes": []})",
     R"(plan: has the key "nodes" twice in one object)"},
    {R"({"version": 1, "nodes": [], "job": {"parallelism": 1.5}})",
     "plan.job.parallelism: is number, not a whole number"},
    {R"({"version": 1, "nodes": [], "job": {"parallelism": 3000000000}})",
     "plan.job.parallelism: 3000000000 is too large"},
    {R"({"version": 1, "nodes": [], "job": {"queue_rows": 18446744073709551615}})",
     "plan.job.queue_rows: 18446744073709551615 is too large"},
    {R"({"version": 1, "nodes": [], "job": {"bounded": 1}})",
     "plan.job.bounded: is number, not true or false"},
    {R"({"version": 1, "nodes": [], "job": {"on_error": "dead_leter"}})",
     R"(plan.job.on_error: "dead_leter" is none of dead_letter, fail; did you mean )"
     R"("dead_letter"?)"},
    {R"({"version": 1, "nodes": [], "job": {"restart": {"backof_ms": 1}}})",
     R"(plan.job.restart: unknown key "backof_ms"; did you mean "backoff_ms"?)"},
    {R"({"version": 1, "nodes": [{"id": "x"}]})", R"(plan.nodes[0]: has no "kind")"},
    {R"({"version": 1, "nodes": [{"id": "x", "kind": "filtr", "spec": {}}]})",
     R"(plan.nodes[0].kind: "filtr" is none of source, filter, project, window, window_join, )"
     R"(interval_join, deduplicate, union, split, sink, operator, group, join, temporal_join, )"
     R"(rank, over, window_table, upsert, unnest; did you mean "filter"?)"},
    {R"({"version": 1, "nodes": [{"id": "x", "kind": "filter", "spec": {}}]})",
     R"(plan.nodes[0].spec: has no "condition")"},
    {R"({"version": 1, "nodes": [{"id": "x", "kind": "union", "spec": {"all": true}}]})",
     R"(plan.nodes[0].spec: unknown key "all")"},
    {R"({"version": 1, "nodes": [{"id": 7, "kind": "union", "spec": {}}]})",
     "plan.nodes[0].id: is number, not a string"},
    {R"({"version": 1, "nodes": [{"id": "x", "inputs": [{"nod": "a"}], "kind": "union", )"
     R"("spec": {}}]})",
     R"(plan.nodes[0].inputs[0]: has no "node")"},
    {R"({"version": 1, "nodes": [{"id": "x", "kind": "sink",
         "spec": {"connector": "log", "options": {"topic": 1}}}]})",
     "plan.nodes[0].spec.options.topic: is number, not a string"},
    {R"({"version": 1, "nodes": [{"id": "x", "kind": "source",
         "spec": {"connector": "log", "schema": {}}}]})",
     "plan.nodes[0].spec.schema: is object, not an array"},
    {R"({"version": 1, "nodes": [{"id": "x", "kind": "source",
         "spec": {"connector": "log", "schema": [{"name": "a", "typ": "INT"}]}}]})",
     R"(plan.nodes[0].spec.schema[0]: has no "type")"},
};

TEST(PlanAsJson, ThatIsNotRightIsRefusedWithItsPath) {
  for (const Refused& refused : kRefused) {
    const auto plan = plan_from_json(refused.json);
    ASSERT_FALSE(plan.ok()) << refused.json;
    EXPECT_EQ(plan.status().code(), StatusCode::kInvalid) << refused.json;
    EXPECT_EQ(plan.status().message(), refused.message);
  }
}

TEST(PlanAsJson, NamesThePathOfAWrongTypeOrExpression) {
  const auto type = plan_from_json(R"({"version": 1, "nodes": [{"id": "x", "kind": "source",
      "spec": {"connector": "log", "schema": [{"name": "a", "type": "INTT"}]}}]})");
  EXPECT_THAT(type.status().message(), StartsWith("plan.nodes[0].spec.schema[0].type: "));
  EXPECT_THAT(type.status().message(), HasSubstr("INT"));
  const auto condition = plan_from_json(R"({"version": 1, "nodes": [{"id": "x", "kind": "filter",
      "spec": {"condition": {"kind": "colum"}}}]})");
  EXPECT_THAT(condition.status().message(), StartsWith("plan.nodes[0].spec.condition: "));
}

}  // namespace
}  // namespace dataflow::plan
