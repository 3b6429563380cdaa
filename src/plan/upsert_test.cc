// Sources whose rows replace each other by key, and what stands behind them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/analyze.h"
#include "sample_plans.h"

namespace dataflow::plan {
namespace {

using testing::HasSubstr;

// orders (by id) -> now -> out
Plan keyed(bool bounded = false) {
  Plan plan = through(node("now", UpsertSpec{.keys = {"id"}}));
  std::get<SourceSpec>(plan.nodes[0].spec).upsert_keys = {"id"};
  plan.job.bounded = bounded;
  return plan;
}

template <class Change>
std::string refusal(Change change) {
  Plan plan = keyed();
  change(plan);
  const Status status = validate(plan);
  EXPECT_EQ(status.code(), StatusCode::kInvalid);
  return status.message();
}

SourceSpec& source_of(Plan& plan) { return std::get<SourceSpec>(plan.nodes[0].spec); }
UpsertSpec& upsert_of(Plan& plan) { return std::get<UpsertSpec>(plan.nodes[1].spec); }

TEST(RowsThatReplaceEachOther, BecomeUpdatesBehindAnUpsert) {
  Plan plan = keyed();
  ASSERT_TRUE(validate(plan).ok());
  const Node& now = *plan.find("now");
  EXPECT_EQ(*now.schema, *plan.find("orders")->schema);
  EXPECT_EQ(now.event_time, plan.find("orders")->event_time);
  EXPECT_EQ(origin_of_updates(plan, *plan.find("out")), &now);
  EXPECT_EQ(exchange_of(plan, now, 0)->keys, (std::vector<std::string>{"id"}));
  EXPECT_EQ(columns_read(plan, "orders").size(), plan.find("orders")->schema->size());
  EXPECT_THAT(explain(plan), HasSubstr("upsert \"now\": row by (id)  →"));
  EXPECT_THAT(explain(plan), HasSubstr("key (id)"));
}

TEST(RowsThatReplaceEachOther, AreFinalRowsInABoundedJobUnlessItIsAskedForVersions) {
  Plan plan = keyed(true);
  ASSERT_TRUE(validate(plan).ok());
  EXPECT_FALSE(makes_updates(plan, *plan.find("now")));
  upsert_of(plan).versions = true;
  const Status status = validate(plan);
  EXPECT_THAT(status.message(), HasSubstr(R"(takes final rows in a bounded job, but "now" gives)"));
  plan.job.bounded = false;
  EXPECT_TRUE(validate(plan).ok());
}

TEST(RowsThatReplaceEachOther, AreReadByAnUpsertOfTheirKeysOnly) {
  EXPECT_EQ(refusal([](Plan& plan) { plan.nodes[2].inputs[0].node = "orders"; }).substr(0, 10),
            R"(upsert "no)");  // which nothing reads then
  EXPECT_THAT(
      refusal([](Plan& plan) { plan.nodes[1].spec = FilterSpec{parsed("TRUE")}; }),
      HasSubstr(R"(rows of source "orders" replace each other by their key; put an upsert)"));
  EXPECT_THAT(refusal([](Plan& plan) { source_of(plan).upsert_keys.clear(); }),
              HasSubstr(R"(stands behind a source whose rows replace each other by key)"));
  EXPECT_THAT(refusal([](Plan& plan) { upsert_of(plan).keys = {"user"}; }),
              HasSubstr(R"(its keys are not those of source "orders")"));
  EXPECT_THAT(refusal([](Plan& plan) { source_of(plan).upsert_keys = {"idd"}; }),
              HasSubstr("upsert key"));
  EXPECT_THAT(refusal([](Plan& plan) { upsert_of(plan).ttl_ms = -1; }), HasSubstr("ttl_ms is -1"));
}

TEST(RowsThatReplaceEachOther, AreNotTakenByWindows) {
  Plan plan = keyed();
  plan.nodes.insert(plan.nodes.begin() + 2, node("w", counts(), {{"now", ""}}));
  plan.nodes.back().inputs[0].node = "w";
  EXPECT_THAT(validate(plan).message(), HasSubstr("takes only new rows"));
  plan.job.bounded = true;
  EXPECT_TRUE(validate(plan).ok()) << validate(plan);
}

TEST(RowsThatReplaceEachOther, AreKeptOverARestartWhileTheyLookTheSame) {
  Plan before = keyed();
  ASSERT_TRUE(validate(before).ok());
  const auto change_of_upsert = [&](auto change) {
    Plan after = keyed();
    change(after);
    EXPECT_TRUE(validate(after).ok());
    for (const NodeChange& each : compare_for_restart(before, after)) {
      if (each.id == "now") return each.change;
    }
    return Continuity::kRemoved;
  };
  EXPECT_EQ(change_of_upsert([](Plan&) {}), Continuity::kKept);
  EXPECT_EQ(change_of_upsert([](Plan& plan) { upsert_of(plan).ttl_ms = 5; }),
            Continuity::kIncompatible);
  EXPECT_EQ(change_of_upsert([](Plan& plan) { plan.job.bounded = true; }),
            Continuity::kIncompatible);
  EXPECT_EQ(change_of_upsert([](Plan& plan) {
              source_of(plan).upsert_keys = upsert_of(plan).keys = {"id", "user"};
            }),
            Continuity::kIncompatible);
}

}  // namespace
}  // namespace dataflow::plan
