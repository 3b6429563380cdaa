#include "pipeline_pages.h"

#include <gtest/gtest.h>

namespace dataflow::http {
namespace {

plan::Node node(const std::string& id, plan::Spec spec, std::vector<plan::Input> inputs) {
  plan::Node made;
  made.id = id;
  made.spec = std::move(spec);
  made.inputs = std::move(inputs);
  return made;
}

// a and b are read together by `both`; `alone` reads b.
jobs::PipelineView two_sources() {
  plan::Plan plan;
  plan.name = "p";
  plan.nodes.push_back(node("a", plan::SourceSpec{}, {}));
  plan.nodes.push_back(node("b", plan::SourceSpec{}, {}));
  plan.nodes.push_back(node("both", plan::UnionSpec{}, {{"a", ""}, {"b", ""}}));
  plan.nodes.push_back(node("alone", plan::FilterSpec{}, {{"b", ""}}));
  engine::JobStatus job;
  for (const char* id : {"a", "b", "both", "alone"}) {
    engine::OperatorStats stats;
    stats.id = id;
    job.operators.push_back(stats);
  }
  for (const auto& [source, split, watermark] :
       {std::tuple("a", "0", 1000), std::tuple("b", "0", 5000), std::tuple("b", "1", 3000)}) {
    engine::SplitStats stats;
    stats.source = source;
    stats.split = split;
    stats.watermark_ms = watermark;
    job.splits.push_back(stats);
  }
  jobs::PipelineView view;
  view.name = "p";
  view.plan = std::make_shared<const plan::Plan>(std::move(plan));
  view.job = std::move(job);
  return view;
}

nlohmann::json operator_of(const nlohmann::json& page, const std::string& id) {
  for (const auto& one : page.at("watermarks").at(0).at("operators")) {
    if (one.at("id") == id) return one;
  }
  ADD_FAILURE() << "no operator " << id << " in " << page;
  return {};
}

TEST(PipelinePages, an_operator_is_held_back_by_a_split_of_its_own_sources) {
  jobs::PipelineView view = two_sources();
  nlohmann::json page = watermarks_page({view});
  EXPECT_EQ(operator_of(page, "both")["held_by"]["source"], "a");
  EXPECT_EQ(operator_of(page, "both")["behind_ms"], 4000);
  EXPECT_EQ(operator_of(page, "alone")["held_by"]["split"], "1");
  EXPECT_EQ(operator_of(page, "alone")["behind_ms"], 2000);
  // One that is idle or at its end holds nobody.
  view.job->splits[0].idle = true;
  view.job->splits[2].ended = true;
  page = watermarks_page({view});
  EXPECT_EQ(operator_of(page, "both")["held_by"]["source"], "b");
  EXPECT_EQ(operator_of(page, "both")["behind_ms"], 0);
  view.job->splits[1].idle = true;
  EXPECT_FALSE(operator_of(watermarks_page({view}), "both").contains("held_by"));
}

TEST(PipelinePages, a_split_that_has_told_no_time_holds_without_a_number) {
  jobs::PipelineView view = two_sources();
  view.job->splits[0].watermark_ms = INT64_MIN;
  const nlohmann::json page = watermarks_page({view});
  EXPECT_EQ(operator_of(page, "both")["held_by"]["source"], "a");
  EXPECT_TRUE(operator_of(page, "both")["behind_ms"].is_null());
}

TEST(PipelinePages, state_that_can_only_grow_has_a_warning) {
  jobs::PipelineView view = two_sources();
  plan::Plan plan = *view.plan;
  plan.nodes[3] = node("alone", plan::DeduplicateSpec{.keys = {"k"}}, {{"b", ""}});
  view.plan = std::make_shared<const plan::Plan>(std::move(plan));
  const nlohmann::json page = state_page({view});
  ASSERT_EQ(page["state"].size(), 1u);
  EXPECT_EQ(page["state"][0]["operator"], "alone");
  EXPECT_TRUE(page["state"][0].contains("warning"));
}

}  // namespace
}  // namespace dataflow::http
