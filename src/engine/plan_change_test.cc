#include "engine/plan_change.h"

#include <gtest/gtest.h>

#include <functional>

#include "expr/expression.h"

namespace dataflow::engine {
namespace {

plan::Plan counts() {
  const auto schema = std::make_shared<Schema>(std::vector<Field>{
      {"meeting", Type::string()}, {"cost", Type::int64()}, {"ts", Type::timestamp(3)}});
  plan::Plan plan;
  plan.name = "counts";
  plan::SourceSpec source{"memory", {{"table", "events"}}, "raw", {}, schema};
  source.watermark = plan::WatermarkSpec{"ts", 500};
  plan.nodes.push_back({"events", {}, source});
  plan.nodes.push_back(
      {"cheap", {{"events"}}, plan::FilterSpec{*expr::parse_expression("cost < 50")}});
  plan::WindowSpec window;
  window.time_column = "ts";
  window.size_ms = 1000;
  window.keys = {"meeting"};
  window.aggregates = {{"COUNT", nullptr, false, nullptr, "n"},
                       {"SUM", expr::column("cost"), false, nullptr, "total"}};
  plan.nodes.push_back({"counts", {{"cheap"}}, window});
  plan.nodes.push_back({"out", {{"counts"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  return plan;
}

plan::WindowSpec& window_of(plan::Plan& plan) {
  return std::get<plan::WindowSpec>(plan.nodes[2].spec);
}

Status change(const std::function<void(plan::Plan&)>& edit) {
  plan::Plan before = counts();
  plan::Plan after = counts();
  edit(after);
  for (plan::Plan* each : {&before, &after}) {
    const Status valid = plan::validate(*each);
    EXPECT_TRUE(valid.ok()) << valid;
  }
  return check_plan_change(before, after);
}

void expect_refused(const Status& status, const std::string& words) {
  EXPECT_EQ(status.code(), StatusCode::kConflict) << status;
  EXPECT_NE(status.message().find(words), std::string::npos) << status;
}

TEST(PlanChange, WhatHasNoStateMayChange) {
  const Status status = change([](plan::Plan& plan) {
    plan.nodes[0].spec = [&] {
      auto source = std::get<plan::SourceSpec>(plan.nodes[0].spec);
      source.options["start"] = "latest";
      source.watermark->delay_ms = 2000;
      return source;
    }();
    plan.nodes.erase(plan.nodes.begin() + 1);  // the filter
    plan.nodes[1].inputs[0].node = "events";
    auto& window = std::get<plan::WindowSpec>(plan.nodes[1].spec);
    window.allowed_lateness_ms = 5000;
    window.aggregates[1].name = "sum_of_costs";
    plan.nodes[2].id = "elsewhere";
    plan.job.parallelism = 7;
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST(PlanChange, WhatStateIsMadeOfMayNot) {
  expect_refused(change([](plan::Plan& plan) { window_of(plan).size_ms = 2000; }),
                 "the size of the window `counts` was 1000 ms and is 2000 ms now");
  expect_refused(change([](plan::Plan& plan) { window_of(plan).keys = {"cost"}; }),
                 "the types of its keys of the window `counts`");
  expect_refused(change([](plan::Plan& plan) { window_of(plan).aggregates[1].function = "AVG"; }),
                 "its aggregates of the window `counts`");
  expect_refused(change([](plan::Plan& plan) { window_of(plan).aggregates.pop_back(); }),
                 "its aggregates of the window `counts`");
  expect_refused(change([](plan::Plan& plan) {
                   std::get<plan::SourceSpec>(plan.nodes[0].spec).options["table"] = "others";
                 }),
                 "what it reads of the source `events` was events and is others now");
}

TEST(PlanChange, AnOperatorWithStateKeepsItsId) {
  const Status status = change([](plan::Plan& plan) {
    plan.nodes[2].id = "tallies";
    plan.nodes[3].inputs[0].node = "tallies";
  });
  expect_refused(status, "the window `counts` is gone");
}

}  // namespace
}  // namespace dataflow::engine
