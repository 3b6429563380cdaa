#include "jobs/pipelines.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/fault_env.h"
#include "expr/expression.h"
#include "jobs/run_once.h"
#include "state/job_store.h"

namespace dataflow::jobs {
namespace {

class FakeJob final : public engine::Job {
 public:
  explicit FakeJob(engine::JobConfig config) : config_(std::move(config)) {}

  const std::string& name() const override { return config_.name; }
  engine::JobStatus status() const override {
    engine::JobStatus status;
    status.state = state_;
    return status;
  }
  // As of a job whose last thread comes late to tell its end.
  Status stop() override {
    if (hangs) {
      std::unique_lock lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
      changed_.wait(lock, [this] { return cancelled_; });
      return Status::conflict("cancelled");
    }
    if (between_attempts) {
      end(engine::JobState::kStopped, Status::conflict("between two attempts"));
      return why_;
    }
    if (teller_.joinable()) return {};
    teller_ = std::thread([this] { end(engine::JobState::kStopped, {}); });
    return {};
  }
  ~FakeJob() override {
    if (teller_.joinable()) teller_.join();
  }
  void cancel() override {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(cancelled_, true)) return;
    }
    end(engine::JobState::kStopped, {});
    changed_.notify_all();
  }
  void await_stop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_; });
  }
  Result<engine::CheckpointId> checkpoint() override { return engine::CheckpointId(7); }
  Result<state::SavepointInfo> savepoint(const std::string& dir) override {
    return state::SavepointInfo{dir, config_.name, engine::CheckpointId(7)};
  }
  Status wait() override { return why_; }

  void end(engine::JobState state, const Status& why) {
    state_ = state;
    why_ = why;
    config_.on_end(state, why);
  }
  const engine::JobConfig& config() const { return config_; }
  bool between_attempts = false;
  bool hangs = false;  // until it is cancelled

 private:
  engine::JobConfig config_;
  std::atomic<engine::JobState> state_ = engine::JobState::kRunning;
  Status why_;
  std::thread teller_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool cancelled_ = false;
};

class FakeEngine final : public engine::Engine {
 public:
  Result<std::shared_ptr<engine::Job>> start(engine::JobConfig config) override {
    if (!refusal.ok()) return refusal;
    if (!refused_node.empty() && config.plan.find(refused_node) != nullptr) {
      return Status::unavailable("its sink is down");
    }
    jobs.push_back(std::make_shared<FakeJob>(std::move(config)));
    if (ends_at_once) jobs.back()->end(engine::JobState::kFinished, {});
    return std::shared_ptr<engine::Job>(jobs.back());
  }
  Status can_run(const plan::Plan& /*plan*/, const plan::Node& node) const override {
    return node.id == lacking ? Status::unsupported("there is no such operator yet") : Status();
  }
  Status refusal;
  std::string refused_node;  // of a plan that does not start
  std::string lacking;
  bool ends_at_once = false;
  std::vector<std::shared_ptr<FakeJob>> jobs;
};

class OnceSink final : public engine::Sink {
 public:
  plan::Guarantee guarantee() const override { return plan::Guarantee::kAtLeastOnce; }
  Result<std::unique_ptr<engine::SinkWriter>> make_writer(
      int /*task*/, const std::map<std::string, std::string>& /*state*/) override {
    return Status::internal("not asked for");
  }
  Result<std::unique_ptr<engine::SinkCommitter>> make_committer() override {
    return Status::internal("not asked for");
  }
};

class NoSource final : public engine::Source {
 public:
  SchemaPtr schema() const override { return nullptr; }
  bool bounded() const override { return true; }
  Result<std::vector<engine::Split>> splits() override { return std::vector<engine::Split>(); }
  Result<std::unique_ptr<engine::SplitReader>> open(const engine::Split& /*split*/) override {
    return Status::internal("not asked for");
  }
  Result<std::unique_ptr<engine::ChunkDecoder>> make_decoder() override {
    return Status::internal("not asked for");
  }
  void on_checkpoint(const std::vector<engine::Split>& /*positions*/) override {}
};

class FakeConnectors final : public engine::Connectors {
 public:
  Result<std::unique_ptr<engine::Source>> make_source(
      const plan::SourceSpec& spec, const engine::ConnectorContext& /*context*/) override {
    if (spec.connector != "fake") return Status::invalid("no connector " + spec.connector);
    return std::unique_ptr<engine::Source>(std::make_unique<NoSource>());
  }
  Result<std::unique_ptr<engine::Sink>> make_sink(
      const plan::SinkSpec& /*spec*/, const SchemaPtr& schema,
      const engine::ConnectorContext& /*context*/) override {
    EXPECT_NE(schema, nullptr);
    return std::unique_ptr<engine::Sink>(std::make_unique<OnceSink>());
  }
};

plan::Plan small_plan(const std::string& name) {
  plan::SourceSpec source;
  source.connector = "fake";
  source.schema = std::make_shared<const Schema>(std::vector<Field>{{"k", Type::string()}});
  plan::SinkSpec sink;
  sink.connector = "fake";
  plan::Plan plan;
  plan.name = name;
  plan.nodes.resize(2);
  plan.nodes[0].id = "in";
  plan.nodes[0].spec = source;
  plan.nodes[1].id = "out";
  plan.nodes[1].inputs = {{"in", ""}};
  plan.nodes[1].spec = sink;
  plan.nodes[1].place = {9, 3};
  return plan;
}

class PipelinesTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void TearDown() override { close(); }

  void open() {
    auto store = meta::Store::open(env_, "/data/meta");
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = std::move(*store);
    auto made =
        Pipelines::open({env_, *store_, engine_, connectors_, "/data/jobs", "/data/savepoints"});
    ASSERT_TRUE(made.ok()) << made.status();
    pipelines_ = std::move(*made);
  }
  void close() {
    if (pipelines_) pipelines_->close();
    pipelines_.reset();
    if (store_ != nullptr) {
      EXPECT_TRUE(store_->close().ok());
    }
    store_.reset();
  }
  PipelineView deploy(const std::string& name) {
    Result<PipelineView> view = pipelines_->deploy(small_plan(name), "text", {});
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? *view : PipelineView();
  }
  std::string state_of(const std::string& name) {
    Result<PipelineView> view = pipelines_->describe(name);
    return view.ok() ? view->state : view.status().message();
  }

  // How many folders of state there are.
  size_t states() {
    size_t found = 0;
    const auto entries = env_.list_dir("/data/jobs");
    for (const DirEntry& entry : *entries) {
      found += entry.name.ends_with(".events") ? 0 : 1;
    }
    return found;
  }

  FaultEnv env_;
  FakeEngine engine_;
  FakeConnectors connectors_;
  std::unique_ptr<meta::Store> store_;
  std::unique_ptr<Pipelines> pipelines_;
};

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

plan::Plan renamed_plan(const std::string& name) {
  plan::Plan plan = small_plan(name);
  plan.nodes[0].id = "in2";
  plan.nodes[1].id = "out2";
  plan.nodes[1].inputs = {{"in2", ""}};
  return plan;
}

// The state that a job of small_plan() might have left.
void leave_state(Env& env, const std::string& dir, bool owes = true) {
  auto store = state::JobStore::open(env, dir);
  ASSERT_TRUE(store.ok()) << store.status();
  state::Checkpoint checkpoint;
  checkpoint.id = state::CheckpointId(1);
  checkpoint.named = {{"in", "split/0", "7"}, {engine::kDeadLetterNode, "counts/0", "n=1"}};
  if (owes) checkpoint.committables = {{"out", "rows"}};
  ASSERT_TRUE((*store)->write(checkpoint).ok());
  ASSERT_TRUE((*store)->close().ok());
}

TEST_F(PipelinesTest, state_of_operators_that_are_gone_goes_before_the_next_start) {
  const std::string dir = "/data/jobs/" + deploy("p").id;
  leave_state(env_, dir);
  ASSERT_TRUE(pipelines_->deploy(renamed_plan("p"), "", {.replace = true}).ok());
  EXPECT_EQ(engine_.jobs.size(), 2u);
  auto store = state::JobStore::open(env_, dir);
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
  ASSERT_TRUE(pipelines_->remove("p").ok());
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
  EXPECT_TRUE(pipelines_->remove("p").ok());
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
  EXPECT_TRUE(pipelines_->remove("p").ok());
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
  FakeEngine engine;
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
