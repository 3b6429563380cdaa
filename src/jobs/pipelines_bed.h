// For tests of Pipelines: an engine whose jobs do nothing, over a disk that can fail.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "base/fault_env.h"
#include "expr/expression.h"
#include "jobs/pipelines.h"
#include "state/job_store.h"

namespace dataflow::jobs {

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
  Result<engine::CheckpointId> checkpoint() override {
    if (ends_before_checkpoints) return Status::cancelled("the job is stopped");
    return engine::CheckpointId(7);
  }
  Result<state::SavepointInfo> savepoint(const std::string& dir) override {
    if (ends_before_checkpoints) return Status::cancelled("the job is stopped");
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
  bool ends_before_checkpoints = false;
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
  explicit FakeEngine(Env& of_states) : env(of_states) {}
  // Of a sink that takes all, or is down.
  Status deliver(engine::JobConfig config) override {
    ++deliveries;
    if (!delivery.ok()) return delivery;
    DF_ASSIGN_OR_RETURN(const auto store, state::JobStore::open(env, config.state_dir));
    DF_ASSIGN_OR_RETURN(const auto owed, store->committables());
    for (const state::StoredCommittable& one : owed) {
      delivered.insert(one.committable.bytes);
      store->acknowledge(one.checkpoint);
    }
    return store->close();
  }
  Result<std::shared_ptr<engine::Job>> start(engine::JobConfig config) override {
    if (on_start) on_start();
    if (!refusal.ok()) return refusal;
    if (!refused_node.empty() && config.plan.find(refused_node) != nullptr) {
      return Status::unavailable("its sink is down");
    }
    jobs.push_back(std::make_shared<FakeJob>(std::move(config)));
    has_checkpoint = takes_checkpoint && checkpoint_of(jobs.back()->config().state_dir).ok();
    if (ends_at_once) jobs.back()->end(engine::JobState::kFinished, {});
    return std::shared_ptr<engine::Job>(jobs.back());
  }
  Status can_run(const plan::Plan& /*plan*/, const plan::Node& node) const override {
    return node.id == lacking ? Status::unsupported("there is no such operator yet") : Status();
  }
  Env& env;
  std::function<void()> on_start;
  Status refusal;
  std::string refused_node;  // of a plan that does not start
  std::string lacking;
  bool ends_at_once = false;
  bool takes_checkpoint = false;  // a job, as soon as it is started
  bool has_checkpoint = false;    // that it took
  std::vector<std::shared_ptr<FakeJob>> jobs;
  Status delivery;
  int deliveries = 0;
  std::set<std::string> delivered;  // committables

 private:
  Status checkpoint_of(const std::string& dir) {
    DF_ASSIGN_OR_RETURN(const auto store, state::JobStore::open(env, dir));
    state::Checkpoint checkpoint;
    checkpoint.id = store->last() + 1;
    return store->write(checkpoint);
  }
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

inline plan::Plan small_plan(const std::string& name) {
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

inline plan::Plan renamed_plan(const std::string& name) {
  plan::Plan plan = small_plan(name);
  plan.nodes[0].id = "in2";
  plan.nodes[1].id = "out2";
  plan.nodes[1].inputs = {{"in2", ""}};
  return plan;
}

// The state that a job of small_plan() might have left.
inline void leave_state(Env& env, const std::string& dir, bool owes = true) {
  auto store = state::JobStore::open(env, dir);
  ASSERT_TRUE(store.ok()) << store.status();
  state::Checkpoint checkpoint;
  checkpoint.id = state::CheckpointId(1);
  checkpoint.named = {{"in", "split/0", "7"}, {engine::kDeadLetterNode, "counts/0", "n=1"}};
  if (owes) checkpoint.committables = {{"out", "rows"}};
  ASSERT_TRUE((*store)->write(checkpoint).ok());
  ASSERT_TRUE((*store)->close().ok());
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
  FakeEngine engine_{env_};
  FakeConnectors connectors_;
  std::unique_ptr<meta::Store> store_;
  std::unique_ptr<Pipelines> pipelines_;
};

}  // namespace dataflow::jobs
