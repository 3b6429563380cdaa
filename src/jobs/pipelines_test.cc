#include "jobs/pipelines.h"

#include <gtest/gtest.h>

#include <thread>

#include "jobs/run_once.h"
#include "pipelines_bed.h"

namespace dataflow::jobs {
namespace {

TEST_F(PipelinesTest, deploys_stops_pauses_and_starts) {
  EXPECT_EQ(deploy("p").state, "running");
  EXPECT_EQ(pipelines_->stop("p")->state, "stopped");
  EXPECT_EQ(pipelines_->pause("p")->state, "paused");
  EXPECT_EQ(pipelines_->start("p")->state, "running");
  EXPECT_EQ(pipelines_->start("p")->state, "running");
  EXPECT_EQ(engine_.jobs.size(), 2u);
  EXPECT_EQ(pipelines_->restart("p")->state, "running");
  EXPECT_EQ(engine_.jobs.size(), 3u);
  EXPECT_EQ(engine_.jobs[0]->config().state_dir, engine_.jobs[2]->config().state_dir);
}

TEST_F(PipelinesTest, what_is_deployed_survives_a_restart_as_it_is_wanted) {
  const PipelineView before = deploy("runs");
  deploy("stopped");
  deploy("paused");
  ASSERT_TRUE(pipelines_->stop("stopped").ok());
  ASSERT_TRUE(pipelines_->pause("paused").ok());
  close();
  engine_.jobs.clear();
  open();
  pipelines_->start_all();
  EXPECT_EQ(state_of("runs"), "running");
  EXPECT_EQ(state_of("stopped"), "stopped");
  EXPECT_EQ(state_of("paused"), "paused");
  ASSERT_EQ(engine_.jobs.size(), 1u);
  EXPECT_EQ(engine_.jobs[0]->config().state_dir, "/data/jobs/" + before.id);
  EXPECT_EQ(pipelines_->describe("runs")->source, "text");
}

TEST_F(PipelinesTest, a_name_is_taken_once_unless_it_is_replaced) {
  const PipelineView first = deploy("p");
  EXPECT_EQ(pipelines_->deploy(small_plan("p"), "", {}).status().code(),
            StatusCode::kAlreadyExists);
  Result<PipelineView> second = pipelines_->deploy(small_plan("p"), "new", {.replace = true});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->id, first.id);
  EXPECT_EQ(second->source, "new");
}

TEST_F(PipelinesTest, a_replacement_that_cannot_take_the_state_is_refused_while_the_old_one_runs) {
  const PipelineView first = deploy("p");
  ASSERT_TRUE(env_.create_dirs("/data/jobs/" + first.id).ok());
  plan::Plan changed = small_plan("p");
  std::get<plan::SourceSpec>(changed.nodes[0].spec).options["topic"] = "another";
  changed.nodes[0].place = {4, 3};
  const Status refused = pipelines_->deploy(changed, "new", {.replace = true}).status();
  EXPECT_EQ(refused.code(), StatusCode::kConflict);
  EXPECT_EQ(refused.message(),
            "line 4, column 3: source \"in\" cannot go on with its state: topic was none and is "
            "another; give the node another id to begin it anew, or leave it as it was, or deploy "
            "with --discard-state to begin the whole pipeline anew");
  EXPECT_EQ(state_of("p"), "running");
  EXPECT_EQ(engine_.jobs.size(), 1u);
  EXPECT_EQ(pipelines_->describe("p")->source, "text");
  Result<PipelineView> anew =
      pipelines_->deploy(changed, "new", {.replace = true, .discard_state = true});
  ASSERT_TRUE(anew.ok()) << anew.status();
  EXPECT_NE(anew->id, first.id);
  EXPECT_FALSE(env_.exists("/data/jobs/" + first.id));
  EXPECT_EQ(engine_.jobs.back()->config().state_dir, "/data/jobs/" + anew->id);
}

TEST_F(PipelinesTest, state_of_operators_that_are_gone_goes_before_the_next_start) {
  const std::string dir = "/data/jobs/" + deploy("p").id;
  leave_state(env_, dir);
  const auto view = pipelines_->deploy(renamed_plan("p"), "", {.replace = true});
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_FALSE(env_.exists(dir)) << "it has a folder of its own";
  EXPECT_EQ(engine_.jobs.size(), 2u);
  auto store = state::JobStore::open(env_, "/data/jobs/" + view->id);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(*(*store)->operators(), std::vector<std::string>{engine::kDeadLetterNode});
  EXPECT_TRUE((*store)->committables()->empty());
  EXPECT_EQ(*(*store)->fact("plan"), plan::to_json(*pipelines_->describe("p")->plan));
}

TEST_F(PipelinesTest, a_sink_that_is_owed_output_is_not_taken_away) {
  const std::string dir = "/data/jobs/" + deploy("p").id;
  engine_.jobs[0]->end(engine::JobState::kFailed, Status::internal("it broke"));
  leave_state(env_, dir);
  const Status refused = pipelines_->deploy(renamed_plan("p"), "", {.replace = true}).status();
  EXPECT_EQ(refused.code(), StatusCode::kConflict);
  EXPECT_NE(refused.message().find("may hold output for the sink \"out\""), std::string::npos);
  // One that was stopped has delivered all.
  ASSERT_TRUE(pipelines_->start("p").ok());
  ASSERT_TRUE(pipelines_->stop("p").ok());
  EXPECT_TRUE(pipelines_->deploy(renamed_plan("p"), "", {.replace = true}).ok());
}

TEST_F(PipelinesTest, what_is_owed_is_not_given_up_between_two_attempts) {
  const std::string dir = "/data/jobs/" + deploy("p").id;
  leave_state(env_, dir);
  engine_.jobs[0]->between_attempts = true;
  const Status refused = pipelines_->deploy(renamed_plan("p"), "", {.replace = true}).status();
  EXPECT_EQ(refused.code(), StatusCode::kConflict) << refused;
  EXPECT_EQ(engine_.jobs.size(), 2U) << "the old one goes on";
  EXPECT_EQ(state_of("p"), "running");
  // It is stopped all the same where nobody takes anything away.
  engine_.jobs[1]->between_attempts = true;
  EXPECT_EQ(pipelines_->stop("p")->state, "stopped");
  EXPECT_FALSE(pipelines_->deploy(renamed_plan("p"), "", {.replace = true}).ok());
}

TEST_F(PipelinesTest, what_the_engine_lacks_is_refused_before_anything_stops) {
  deploy("p");
  engine_.lacking = "out";
  const Status refused = pipelines_->deploy(small_plan("p"), "", {.replace = true}).status();
  EXPECT_EQ(refused.message(), "line 9, column 3: step `out`: there is no such operator yet");
  EXPECT_EQ(state_of("p"), "running");
}

TEST_F(PipelinesTest, what_befell_a_pipeline_outlives_the_server_and_its_state) {
  deploy("p");
  engine_.jobs[0]->end(engine::JobState::kFailed, Status::internal("it broke"));
  ASSERT_TRUE(
      pipelines_->deploy(small_plan("p"), "", {.replace = true, .discard_state = true}).ok());
  close();
  open();
  std::vector<std::string> kinds;
  const auto events = pipelines_->events("p");
  ASSERT_TRUE(events.ok()) << events.status();
  for (const PipelineEvent& event : *events) {
    kinds.push_back(event.kind);
    if (event.kind == "failed") {
      EXPECT_EQ(event.words, "it broke");
    }
  }
  EXPECT_EQ(kinds, (std::vector<std::string>{"deployed", "started", "failed", "replaced", "started",
                                             "stopped"}));
  ASSERT_TRUE(pipelines_->remove("p", {}).ok());
  EXPECT_TRUE(env_.list_dir("/data/jobs")->empty());
}

TEST_F(PipelinesTest, a_finished_pipeline_starts_again_only_when_told) {
  deploy("p");
  engine_.jobs[0]->end(engine::JobState::kFinished, {});
  EXPECT_EQ(state_of("p"), "finished");
  close();
  engine_.jobs.clear();
  open();
  pipelines_->start_all();
  EXPECT_EQ(state_of("p"), "finished");
  EXPECT_TRUE(engine_.jobs.empty());
  EXPECT_EQ(pipelines_->start("p")->state, "running");
  close();
  engine_.jobs.clear();
  open();
  pipelines_->start_all();
  EXPECT_EQ(state_of("p"), "running");
}

TEST_F(PipelinesTest, a_guarantee_that_cannot_be_kept_is_refused_by_name) {
  plan::Plan plan = small_plan("p");
  std::get<plan::SinkSpec>(plan.nodes[1].spec).guarantee = plan::Guarantee::kExactlyOnce;
  const Status refused = pipelines_->deploy(plan, "", {}).status();
  EXPECT_EQ(refused.message(),
            "line 9, column 3: sink `out`: the connector \"fake\" cannot write exactly once; ask "
            "for `guarantee: at_least_once`, or write to a log or files");
  EXPECT_TRUE(pipelines_->list().empty());
}

TEST_F(PipelinesTest, a_deleted_pipeline_leaves_nothing) {
  const PipelineView view = deploy("p");
  ASSERT_TRUE(env_.create_dirs("/data/jobs/" + view.id).ok());
  EXPECT_TRUE(pipelines_->remove("p", {}).ok());
  EXPECT_FALSE(env_.exists("/data/jobs/" + view.id));
  EXPECT_EQ(pipelines_->start("p").status().code(), StatusCode::kNotFound);
  close();
  open();
  EXPECT_TRUE(pipelines_->list().empty());
}

TEST_F(PipelinesTest, an_end_is_shown_with_its_reason) {
  deploy("p");
  engine_.jobs[0]->end(engine::JobState::kFailed, Status::internal("it broke"));
  EXPECT_EQ(state_of("p"), "failed");
  EXPECT_EQ(pipelines_->describe("p")->reason, "it broke");
  EXPECT_EQ(pipelines_->checkpoint("p").status().code(), StatusCode::kConflict);
  EXPECT_EQ(pipelines_->start("p")->state, "running");
  EXPECT_EQ(pipelines_->checkpoint("p")->value(), 7);
}

TEST_F(PipelinesTest, one_that_cannot_be_deployed_leaves_nothing_behind) {
  engine_.refusal = Status::unavailable("its sink is down");
  const Status refused = pipelines_->deploy(small_plan("p"), "text", {}).status();
  EXPECT_EQ(refused.message(), "starting pipeline p: its sink is down");
  EXPECT_TRUE(pipelines_->list().empty());
  EXPECT_TRUE(env_.list_dir("/data/jobs")->empty());
  close();
  open();
  EXPECT_TRUE(pipelines_->list().empty());
  engine_.refusal = {};
  EXPECT_EQ(deploy("p").state, "running");
}

TEST_F(PipelinesTest, a_replacement_that_cannot_start_leaves_the_old_one_running_with_its_state) {
  const PipelineView before = deploy("p");
  const std::string dir = "/data/jobs/" + before.id;
  leave_state(env_, dir, false);
  engine_.refused_node = "in2";
  const Status refused = pipelines_->deploy(renamed_plan("p"), "new", {.replace = true}).status();
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable) << refused;
  EXPECT_EQ(refused.message(),
            "starting pipeline p: its sink is down; the pipeline is again as it was");
  EXPECT_EQ(state_of("p"), "running");
  EXPECT_EQ(pipelines_->describe("p")->source, "text");
  ASSERT_EQ(engine_.jobs.size(), 2U);
  EXPECT_EQ(engine_.jobs[1]->config().state_dir, dir);
  EXPECT_NE(engine_.jobs[1]->config().plan.find("in"), nullptr);
  {
    auto store = state::JobStore::open(env_, dir);
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_EQ((*store)->named("in")->at("split/0"), "7");
    EXPECT_EQ((*store)->last(), state::CheckpointId(1));
  }
  // The same where its state was to be discarded; and what was finished or stopped stays so.
  EXPECT_FALSE(
      pipelines_->deploy(renamed_plan("p"), "new", {.replace = true, .discard_state = true}).ok());
  EXPECT_EQ(state_of("p"), "running");
  EXPECT_TRUE(env_.exists(dir));
  EXPECT_EQ(states(), 1U);
  engine_.jobs.back()->end(engine::JobState::kFinished, {});
  EXPECT_FALSE(pipelines_->deploy(renamed_plan("p"), "new", {.replace = true}).ok());
  EXPECT_EQ(state_of("p"), "finished");
  close();
  open();
  pipelines_->start_all();
  EXPECT_EQ(state_of("p"), "finished");
  engine_.refused_node = "";
  EXPECT_TRUE(pipelines_->deploy(renamed_plan("p"), "new", {.replace = true}).ok());
  EXPECT_EQ(states(), 1U);
}

TEST_F(PipelinesTest, what_is_missing_behind_a_pipeline_is_not_the_pipeline_itself) {
  deploy("p");
  engine_.refusal = Status::not_found("there is no folder");
  EXPECT_EQ(pipelines_->restart("p").status().code(), StatusCode::kConflict);
  EXPECT_EQ(pipelines_->start("q").status().code(), StatusCode::kNotFound);
}

TEST_F(PipelinesTest, no_savepoint_is_called_as_one_that_is_not_finished) {
  deploy("p");
  EXPECT_EQ(pipelines_->save_state("p", "a.unfinished").status().code(), StatusCode::kInvalid);
  EXPECT_TRUE(pipelines_->save_state("p", "a.unfinished.b").ok());
}

TEST_F(PipelinesTest, a_checkpoint_of_a_job_that_ends_meanwhile_is_a_conflict) {
  deploy("p");
  engine_.jobs[0]->ends_before_checkpoints = true;
  EXPECT_EQ(pipelines_->checkpoint("p").status().code(), StatusCode::kConflict);
  EXPECT_EQ(pipelines_->save_state("p", "s").status().code(), StatusCode::kConflict);
}

TEST_F(PipelinesTest, what_is_deleted_while_others_start_does_not_start) {
  deploy("a");
  deploy("b");
  close();
  open();
  engine_.jobs.clear();
  engine_.on_start = [this] {
    if (pipelines_->list().size() == 1) return;
    EXPECT_TRUE(pipelines_->remove("b", {}).ok());
  };
  pipelines_->start_all();
  EXPECT_EQ(engine_.jobs.size(), 1U);
}

TEST_F(PipelinesTest, a_start_of_the_server_waits_for_no_pipeline) {
  EXPECT_EQ(deploy("p").state, "running");
  EXPECT_EQ(engine_.jobs.back()->config().first_attempt, engine::FirstAttempt::kMustRun);
  EXPECT_EQ(pipelines_->restart("p")->state, "running");
  EXPECT_EQ(engine_.jobs.back()->config().first_attempt, engine::FirstAttempt::kGoesOn);
  close();
  open();
  pipelines_->start_all();
  EXPECT_EQ(engine_.jobs.back()->config().first_attempt, engine::FirstAttempt::kNotAwaited);
}

TEST_F(PipelinesTest, a_pipeline_whose_stop_hangs_can_be_deleted) {
  deploy("p");
  engine_.jobs[0]->hangs = true;
  std::thread stops([this] { (void)pipelines_->stop("p").ok(); });
  engine_.jobs[0]->await_stop();
  EXPECT_EQ(state_of("p"), "stopped");
  EXPECT_TRUE(pipelines_->remove("p", {}).ok());
  stops.join();
  EXPECT_TRUE(pipelines_->list().empty());
}

TEST_F(PipelinesTest, one_that_cannot_start_holds_up_no_other) {
  deploy("a");
  deploy("b");
  close();
  open();
  engine_.refusal = Status::unavailable("no room");
  pipelines_->start_all();
  EXPECT_EQ(state_of("a"), "failed");
  EXPECT_EQ(state_of("b"), "failed");
}

TEST(RunOnce, ends_with_its_sources_or_when_interrupted) {
  FaultEnv env;
  FakeEngine engine(env);
  engine.ends_at_once = true;
  Result<RunReport> report = run_once(engine, small_plan("p"), {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->state, engine::JobState::kFinished);
  engine.ends_at_once = false;
  RunOptions options;
  options.interrupted = [] { return true; };
  report = run_once(engine, small_plan("p"), options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->interrupted);
}

}  // namespace
}  // namespace dataflow::jobs
