// What others ask of a job while its first attempt fails, its sink holds it up or its disk is full.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/timer_queue.h"
#include "engine/job.h"
#include "memory_connectors.h"
#include "plan/plan.h"

namespace dataflow::engine {
namespace {

// Holds threads until it is opened, or they are interrupted where they ask for it.
class Barrier {
 public:
  void await_arrival() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return arrived_; });
  }
  Status hold() {
    std::unique_lock lock(mutex_);
    arrive();
    changed_.wait(lock, [this] { return open_; });
    return {};
  }
  Status hold(const std::stop_token& interrupted) {
    std::unique_lock lock(mutex_);
    arrive();
    const bool opened = changed_.wait(lock, interrupted, [this] { return open_; });
    return opened ? Status() : Status::cancelled("interrupted");
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  void arrive() {
    arrived_ = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool arrived_ = false;
  bool open_ = false;
};

// For what comes by itself, however busy the machine is.
constexpr int64_t kPatient = 600'000;

class JobControlTest : public testing::Test {
 protected:
  void SetUp() override {
    timers_.start();
    make_engine(kPatient, kPatient);
    auto schema = std::make_shared<Schema>(std::vector<Field>{{"n", Type::int64()}});
    table_ = std::make_shared<MemoryTable>(schema);
    connectors_.tables["numbers"] = table_;
    add(3);
  }
  void TearDown() override {
    engine_.reset();
    timers_.stop();
    EXPECT_TRUE(env_.remove_tree(dir_).ok());
  }
  // How long it waits for what is held up.
  void make_engine(int64_t stop_wait_ms, int64_t leave_wait_ms) {
    EngineOptions options{2, 64, 2};
    options.stop_wait_ms = stop_wait_ms;
    options.leave_wait_ms = leave_wait_ms;
    engine_ = Engine::create(env_, timers_, connectors_, options, nullptr);
  }

  void add(int64_t rows) {
    for (int64_t i = 0; i < rows; ++i) table_->add(0, {Value::int64(next_++)});
  }
  // Each number once.
  std::vector<std::string> expected() const {
    std::vector<std::string> rows;
    for (int64_t i = 0; i < next_; ++i) rows.push_back("+I {n=" + std::to_string(i) + "}");
    return rows;
  }
  std::vector<std::string> rows() { return connectors_.results["out"]->rows(); }

  JobConfig config(FirstAttempt first_attempt = FirstAttempt::kMustRun) {
    plan::Plan plan;
    plan.name = "numbers";
    plan.job.parallelism = 1;
    plan.job.checkpoint_interval_ms = 1;
    plan.job.restart.backoff_ms = 1;
    plan.job.restart.max_backoff_ms = 1;
    plan.nodes.push_back(
        {"numbers",
         {},
         plan::SourceSpec{"memory", {{"table", "numbers"}}, "raw", {}, table_->schema()}});
    plan.nodes.push_back(
        {"out", {{"numbers"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
    const Status valid = plan::validate(plan);
    EXPECT_TRUE(valid.ok()) << valid;
    JobConfig config{plan.name, plan, dir_};
    config.first_attempt = first_attempt;
    return config;
  }
  std::shared_ptr<Job> start(FirstAttempt first_attempt = FirstAttempt::kMustRun) {
    Result<std::shared_ptr<Job>> job = engine_->start(config(first_attempt));
    EXPECT_TRUE(job.ok()) << job.status();
    return job.ok() ? *job : nullptr;
  }
  // As soon as the job that was held up has come back.
  std::shared_ptr<Job> start_behind_held_up() {
    while (engine_->held_up() > 0) std::this_thread::yield();
    return start();
  }
  void leave_a_checkpoint() {
    const auto job = start();
    ASSERT_NE(job, nullptr);
    ASSERT_TRUE(job->checkpoint().ok());
    ASSERT_TRUE(job->stop().ok());
  }

  Env& env_ = posix_env();
  const std::string dir_ = testing::TempDir() + "job_control_test_" + std::to_string(getpid()) +
                           "_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  TimerQueue timers_{env_};
  MemoryConnectors connectors_;
  std::shared_ptr<MemoryTable> table_;
  int64_t next_ = 0;
  std::unique_ptr<Engine> engine_;
};

TEST_F(JobControlTest, AFirstAttemptIsTriedAgainWhereThereIsACheckpoint) {
  std::atomic<int> failures = 0;
  connectors_.on_make_sink = [&](const ConnectorContext&) {
    return failures-- > 0 ? Status::unavailable("the sink is down") : Status();
  };
  failures = 1;
  EXPECT_EQ(engine_->start(config(FirstAttempt::kGoesOn)).status().code(), StatusCode::kUnavailable)
      << "there is no checkpoint yet";
  leave_a_checkpoint();
  add(3);
  table_->finish();
  failures = 1;
  EXPECT_EQ(engine_->start(config()).status().code(), StatusCode::kUnavailable);
  failures = 3;
  const auto job = start(FirstAttempt::kGoesOn);
  ASSERT_NE(job, nullptr);
  EXPECT_TRUE(job->wait().ok()) << job->status().reason;
  EXPECT_EQ(job->status().restarts, 3);
  EXPECT_EQ(rows(), expected());
}

TEST_F(JobControlTest, WhereNobodyWaitsForTheFirstAttemptItIsTriedAgainUpToTheLimit) {
  table_->finish();
  std::atomic<int> failures = 2;
  connectors_.on_make_sink = [&](const ConnectorContext&) {
    return failures-- > 0 ? Status::unavailable("the sink is down") : Status();
  };
  auto job = start(FirstAttempt::kNotAwaited);
  ASSERT_NE(job, nullptr);
  EXPECT_TRUE(job->wait().ok()) << job->status().reason;
  EXPECT_EQ(rows(), expected());
  failures = 1000;
  job = start(FirstAttempt::kNotAwaited);
  ASSERT_NE(job, nullptr);
  EXPECT_EQ(job->wait().code(), StatusCode::kUnavailable);
  EXPECT_EQ(job->status().state, JobState::kFailed);
}

TEST_F(JobControlTest, APlanThatDoesNotFitItsStateIsNotTriedAgain) {
  leave_a_checkpoint();
  JobConfig changed = config(FirstAttempt::kNotAwaited);
  changed.plan.nodes[0].id = "others";
  changed.plan.nodes[1].inputs = {{"others", ""}};
  ASSERT_TRUE(plan::validate(changed.plan).ok());
  const auto job = engine_->start(changed);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ((*job)->wait().code(), StatusCode::kConflict);
  EXPECT_EQ((*job)->status().restarts, 0);
  EXPECT_NE((*job)->status().reason.find("numbers"), std::string::npos) << (*job)->status().reason;
}

// A sink that does not wait for checkpoints would have such rows twice: the next run makes them
// too.
TEST_F(JobControlTest, NoTimerFiresBehindTheLastCheckpointOfAStop) {
  constexpr int64_t kWindowMs = 300;
  JobConfig counting = config();
  plan::WindowSpec window;
  window.time = plan::TimeKind::kProcessing;
  window.size_ms = kWindowMs;
  window.keys = {"n"};
  counting.plan.job.checkpoint_interval_ms = kPatient;
  counting.plan.nodes.insert(counting.plan.nodes.begin() + 1, {"windows", {{"numbers"}}, window});
  counting.plan.nodes[2].inputs = {{"windows", ""}};
  const Status valid = plan::validate(counting.plan);
  ASSERT_TRUE(valid.ok()) << valid;
  Barrier barrier;
  counting.on_event = [&](const JobEvent& event) {
    if (event.kind == JobEvent::Kind::kCheckpoint) (void)barrier.hold();
  };
  const Result<std::shared_ptr<Job>> job = engine_->start(counting);
  ASSERT_TRUE(job.ok()) << job.status();
  while ((*job)->status().operators.at(1).rows_in < 3) std::this_thread::yield();
  std::thread stops([&] { EXPECT_TRUE((*job)->stop().ok()); });
  barrier.await_arrival();  // the last checkpoint is written
  const auto written = [&] { return connectors_.results["out"]->written.load(); };
  const size_t before = written();
  const int64_t began = env_.monotonic_nanos();
  while (env_.monotonic_nanos() - began < 2 * kWindowMs * 1'000'000) std::this_thread::yield();
  EXPECT_EQ(written(), before);
  barrier.open();
  stops.join();
  table_->finish();
  const Result<std::shared_ptr<Job>> again = engine_->start(counting);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE((*again)->wait().ok());
  EXPECT_EQ(written(), 3U);
  EXPECT_EQ(rows().size(), 3U);
}

TEST_F(JobControlTest, ASinkThatHangsHoldsUpNeitherStatusNorStopAndNothingIsLostOrDoubled) {
  make_engine(1, 1);
  Barrier barrier;
  connectors_.on_commit = [&](const ConnectorContext&) { return barrier.hold(); };
  auto job = start();
  ASSERT_NE(job, nullptr);
  // The first ones may come before any row.
  std::thread asks([&] {
    while (job->checkpoint().ok()) continue;
  });
  barrier.await_arrival();
  EXPECT_EQ(job->status().state, JobState::kRunning);
  EXPECT_EQ(job->status().operators.size(), 2U);
  const Status stopped = job->stop();
  EXPECT_EQ(stopped.code(), StatusCode::kConflict) << stopped;
  EXPECT_NE(stopped.message().find("delivering output to sink out"), std::string::npos) << stopped;
  EXPECT_EQ(job->status().state, JobState::kStopped);
  asks.join();
  EXPECT_EQ(engine_->held_up(), 1U);
  EXPECT_EQ(engine_->start(config()).status().code(), StatusCode::kUnavailable);
  EXPECT_TRUE(rows().empty());
  job.reset();
  barrier.open();
  table_->finish();
  job = start_behind_held_up();
  ASSERT_NE(job, nullptr);
  EXPECT_TRUE(job->wait().ok()) << job->status().reason;
  EXPECT_EQ(rows(), expected());
}

TEST_F(JobControlTest, ASinkThatCanBeInterruptedIsAndWhatItOwesComesWithTheNextStart) {
  Barrier barrier;
  connectors_.on_commit = [&](const ConnectorContext& context) {
    return barrier.hold(context.interrupted);
  };
  make_engine(1, kPatient);
  auto job = start();
  ASSERT_NE(job, nullptr);
  barrier.await_arrival();
  EXPECT_EQ(job->stop().code(), StatusCode::kConflict);
  EXPECT_EQ(engine_->held_up(), 0U);
  EXPECT_TRUE(rows().empty());
  barrier.open();
  table_->finish();
  job = start();
  ASSERT_NE(job, nullptr);
  EXPECT_TRUE(job->wait().ok()) << job->status().reason;
  EXPECT_EQ(rows(), expected());
}

TEST_F(JobControlTest, WhoAsksForACheckpointIsToldWhatHoldsItUp) {
  EngineOptions options{2, 64, 2};
  options.checkpoint_wait_ms = 1;
  engine_ = Engine::create(env_, timers_, connectors_, options, nullptr);
  Barrier barrier;
  connectors_.on_commit = [&](const ConnectorContext&) { return barrier.hold(); };
  const auto job = start();
  ASSERT_NE(job, nullptr);
  barrier.await_arrival();
  const Status late = job->checkpoint().status();
  EXPECT_EQ(late.code(), StatusCode::kTimedOut);
  EXPECT_NE(late.message().find("sink out"), std::string::npos) << late;
  EXPECT_EQ(job->savepoint(dir_ + "/savepoint").status().code(), StatusCode::kTimedOut);
  barrier.open();
  table_->finish();
  EXPECT_TRUE(job->wait().ok()) << job->status().reason;
  EXPECT_EQ(rows(), expected());
}

TEST_F(JobControlTest, OutputThatIsOwedHoldsUpNobodyWhoDoesNotAskForIt) {
  connectors_.on_commit = [](const ConnectorContext&) { return Status::unavailable("down"); };
  auto job = start();
  ASSERT_NE(job, nullptr);
  while (job->checkpoint().ok()) continue;  // until one owes rows
  job->cancel();
  job.reset();
  make_engine(kPatient, 1);
  Barrier barrier;
  connectors_.on_commit = [&](const ConnectorContext&) { return barrier.hold(); };
  job = start(FirstAttempt::kNotAwaited);
  ASSERT_NE(job, nullptr);
  barrier.await_arrival();
  EXPECT_EQ(job->status().state, JobState::kStarting);
  job->cancel();
  EXPECT_EQ(job->status().state, JobState::kStopped);
  EXPECT_EQ(engine_->held_up(), 1U);
  barrier.open();
  table_->finish();
  job = start_behind_held_up();
  ASSERT_NE(job, nullptr);
  EXPECT_TRUE(job->wait().ok()) << job->status().reason;
  EXPECT_EQ(rows(), expected());
}

TEST_F(JobControlTest, AFullDiskIsWaitedForAndIsNoFailureOfTheJob) {
  table_->finish();
  std::atomic<int> refusals = 50;
  connectors_.on_commit = [&](const ConnectorContext&) {
    return refusals-- > 0 ? Status::no_space("no space left for segment 7") : Status();
  };
  JobConfig strict = config();
  strict.plan.job.restart.max_attempts = 1;
  const auto job = engine_->start(strict);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_TRUE((*job)->wait().ok()) << (*job)->status().reason;
  EXPECT_EQ(rows(), expected());
  EXPECT_EQ((*job)->status().restarts, 50);
  EXPECT_NE((*job)->status().reason.find("the disk is full, and the job goes on when there is"),
            std::string::npos)
      << (*job)->status().reason;
}

}  // namespace
}  // namespace dataflow::engine
