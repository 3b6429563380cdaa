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

// `both` is a window over both sources.
jobs::PipelineView with_window() {
  jobs::PipelineView view = two_sources();
  plan::Plan plan = *view.plan;
  plan.nodes[2] = node("both", plan::WindowSpec{}, {{"a", ""}, {"b", ""}});
  view.plan = std::make_shared<const plan::Plan>(std::move(plan));
  engine::OperatorStats& stats = view.job->operators[2];
  stats.watermark_ms = 1000;
  stats.state_rows = 5;
  stats.state_bytes = 700;
  stats.index_bytes = 100;
  stats.tables = {{"windows", 4, 500, 900}, {"values", 1, 100, 0}};
  stats.windows = engine::OpenWindows{0, 2000, 3, 6000};
  return view;
}

TEST(PipelinePages, state_is_told_by_operator_and_table_in_memory_and_on_disk) {
  const nlohmann::json page = state_page({with_window()});
  ASSERT_EQ(page["state"].size(), 1u);
  EXPECT_EQ(page["state"][0],
            nlohmann::json::parse(R"({"pipeline": "p", "operator": "both", "rows": 5, "bytes": 700,
                "index_bytes": 100, "stored_bytes": 900, "oldest_ms": 0, "newest_ms": 6000,
                "tables": [
                  {"table": "windows", "rows": 4, "bytes": 500, "stored_bytes": 900},
                  {"table": "values", "rows": 1, "bytes": 100, "stored_bytes": 0}]})"));
  EXPECT_EQ(page["stored_bytes"], 900);
}

TEST(PipelinePages, the_oldest_window_says_why_it_has_not_fired) {
  jobs::PipelineView view = with_window();
  const auto oldest = [&] { return windows_page({view})["windows"][0]["oldest"]; };
  EXPECT_EQ(oldest(), nlohmann::json::parse(R"({"start_ms": 0, "end_ms": 2000, "rows": 3,
      "wants_ms": 999, "held_by": {"source": "a", "split": "0"}, "behind_ms": 4000,
      "why": "split 0 of source \"a\" holds the watermark 4000 ms behind the newest"})"));
  view.job->state = engine::JobState::kStopped;
  view.state = "paused";
  EXPECT_EQ(oldest()["why"], "the pipeline is paused");
  view.job->state = engine::JobState::kRunning;
  view.job->splits[0].watermark_ms = INT64_MIN;
  view.job->operators[2].watermark_ms = INT64_MIN;
  EXPECT_EQ(oldest()["why"], "split 0 of source \"a\" has told no time yet");
  EXPECT_TRUE(oldest()["wants_ms"].is_null());
  for (engine::SplitStats& split : view.job->splits) split.watermark_ms = 1500;
  EXPECT_EQ(oldest()["why"], "no split has come to the end of it yet");
  for (engine::SplitStats& split : view.job->splits) split.watermark_ms = 1999;
  EXPECT_EQ(oldest()["why"], "the watermark is on its way");
  for (engine::SplitStats& split : view.job->splits) split.idle = true;
  EXPECT_EQ(oldest()["why"], "every split of its sources is idle or has ended");
  EXPECT_FALSE(oldest().contains("held_by"));
  view.job->operators[2].watermark_ms = 1999;
  EXPECT_EQ(oldest()["why"], "it has fired, and is kept for late rows");
  EXPECT_EQ(oldest()["wants_ms"], 0);
  // Nothing is open; and rows are not counted everywhere.
  view.job->operators[2].windows->oldest_rows = 0;
  EXPECT_FALSE(oldest().contains("rows"));
  view.job->operators[2].windows.reset();
  EXPECT_TRUE(oldest().is_null());
}

TEST(PipelinePages, what_aggregates_keep_beside_windows_is_no_window) {
  jobs::PipelineView view = with_window();
  EXPECT_EQ(windows_page({view})["windows"][0]["open"], 4);
  plan::Plan plan = *view.plan;
  plan.nodes[2].spec = plan::WindowJoinSpec{};
  view.plan = std::make_shared<const plan::Plan>(std::move(plan));
  EXPECT_EQ(windows_page({view})["windows"][0]["open"], 5);
}

TEST(PipelinePages, a_window_of_processing_time_is_closed_by_the_clock) {
  jobs::PipelineView view = with_window();
  plan::Plan plan = *view.plan;
  std::get<plan::WindowSpec>(plan.nodes[2].spec).time = plan::TimeKind::kProcessing;
  view.plan = std::make_shared<const plan::Plan>(std::move(plan));
  const nlohmann::json page = windows_page({view});
  EXPECT_EQ(page["windows"][0]["oldest"],
            nlohmann::json::parse(R"({"start_ms": 0, "end_ms": 2000, "rows": 3,
                                      "why": "it is closed by the clock"})"));
}

}  // namespace
}  // namespace dataflow::http
