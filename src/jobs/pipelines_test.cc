#include "jobs/pipelines.h"

#include <gtest/gtest.h>

#include "base/fault_env.h"
#include "expr/expression.h"
#include "jobs/run_once.h"

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
  Status stop() override {
    end(engine::JobState::kStopped, {});
    return {};
  }
  void cancel() override { end(engine::JobState::kStopped, {}); }
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

 private:
  engine::JobConfig config_;
  engine::JobState state_ = engine::JobState::kRunning;
  Status why_;
};

class FakeEngine final : public engine::Engine {
 public:
  Result<std::shared_ptr<engine::Job>> start(engine::JobConfig config) override {
    if (!refusal.ok()) return refusal;
    jobs.push_back(std::make_shared<FakeJob>(std::move(config)));
    if (ends_at_once) jobs.back()->end(engine::JobState::kFinished, {});
    return std::shared_ptr<engine::Job>(jobs.back());
  }
  Status refusal;
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
    auto made = Pipelines::open({env_, *store_, engine_, connectors_, "/data/jobs"});
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
