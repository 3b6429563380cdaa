// What others ask of a job while its first attempt fails, its sink holds it up or its disk is full.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "job_bed.h"

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

class JobControlTest : public JobBed {
 protected:
  void SetUp() override {
    JobBed::SetUp();
    make_engine(kPatient, kPatient);
    auto schema = std::make_shared<Schema>(std::vector<Field>{{"n", Type::int64()}});
    table_ = std::make_shared<MemoryTable>(schema);
    connectors_.tables["numbers"] = table_;
    add(3);
  }
  using JobBed::make_engine;
  // How long it waits for what is held up.
  void make_engine(int64_t stop_wait_ms, int64_t leave_wait_ms) {
    EngineOptions options = small_engine();
    options.stop_wait_ms = stop_wait_ms;
    options.leave_wait_ms = leave_wait_ms;
    make_engine(options);
  }

  void add(int64_t rows) {
    for (int64_t i = 0; i < rows; ++i) table_->add(0, {Value::int64(next_++)});
  }
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
    JobConfig config{plan.name, validated(plan), dir_};
    config.first_attempt = first_attempt;
    return config;
  }
  using JobBed::start;
  std::shared_ptr<Job> start(FirstAttempt first_attempt = FirstAttempt::kMustRun) {
    return start(config(first_attempt));
  }
  // As soon as the job that was held up has come back.
  void await_held_up() {
    while (engine_->held_up() > 0) std::this_thread::yield();
  }
  void leave_a_checkpoint() {
    const auto job = start();
    ASSERT_TRUE(job->checkpoint().ok());
    ASSERT_TRUE(job->stop().ok());
  }
  // A job that was cancelled while its sink was down; its last checkpoint has rows.
  void leave_owed_rows() {
    connectors_.on_commit = [](const ConnectorContext&) { return Status::unavailable("down"); };
    const auto job = start();
    while (job->checkpoint().ok()) continue;  // until one owes rows
    job->cancel();
    connectors_.on_commit = {};
  }
  // A sink cannot be made so many times, and then it can.
  void fail_to_make_sinks(int times) {
    connectors_.on_make_sink =
        [left = std::make_shared<std::atomic<int>>(times)](const ConnectorContext&) {
          return (*left)-- > 0 ? Status::unavailable("the sink is down") : Status();
        };
  }

  // The source ends, and the sink has each number once.
  void expect_each_once(Job& job) {
    table_->finish();
    expect_finished(job);
    std::vector<std::string> expected;
    for (int64_t i = 0; i < next_; ++i) expected.push_back("+I {n=" + std::to_string(i) + "}");
    EXPECT_EQ(rows(), expected);
  }
  void expect_each_once_behind_held_up() {
    table_->finish();
    await_held_up();
    expect_each_once(*start());
  }

  std::shared_ptr<MemoryTable> table_;
  int64_t next_ = 0;
};

TEST_F(JobControlTest, AFirstAttemptIsTriedAgainWhereThereIsACheckpoint) {
  fail_to_make_sinks(1);
  EXPECT_EQ(engine_->start(config(FirstAttempt::kGoesOn)).status().code(), StatusCode::kUnavailable)
      << "there is no checkpoint yet";
  leave_a_checkpoint();
  add(3);
  table_->finish();
  fail_to_make_sinks(1);
  EXPECT_EQ(engine_->start(config()).status().code(), StatusCode::kUnavailable);
  fail_to_make_sinks(3);
  const auto job = start(FirstAttempt::kGoesOn);
  expect_each_once(*job);
  EXPECT_EQ(job->status().restarts, 3);
}

TEST_F(JobControlTest, WhereNobodyWaitsForTheFirstAttemptItIsTriedAgainUpToTheLimit) {
  table_->finish();
  fail_to_make_sinks(2);
  expect_each_once(*start(FirstAttempt::kNotAwaited));
  fail_to_make_sinks(1000);
  const auto job = start(FirstAttempt::kNotAwaited);
  EXPECT_EQ(job->wait().code(), StatusCode::kUnavailable);
  EXPECT_EQ(job->status().state, JobState::kFailed);
}

TEST_F(JobControlTest, APlanThatDoesNotFitItsStateIsNotTriedAgain) {
  leave_a_checkpoint();
  JobConfig changed = config(FirstAttempt::kNotAwaited);
  changed.plan.nodes[0].id = "others";
  changed.plan.nodes[1].inputs = {{"others", ""}};
  changed.plan = validated(changed.plan);
  const auto job = start(changed);
  EXPECT_EQ(job->wait().code(), StatusCode::kConflict);
  EXPECT_EQ(job->status().restarts, 0);
  EXPECT_NE(job->status().reason.find("numbers"), std::string::npos) << job->status().reason;
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
  EXPECT_EQ(engine_->deliver(config()).code(), StatusCode::kUnavailable);
  EXPECT_TRUE(rows().empty());
  job.reset();
  barrier.open();
  expect_each_once_behind_held_up();
}

TEST_F(JobControlTest, ASinkThatCanBeInterruptedIsAndWhatItOwesComesWithTheNextStart) {
  Barrier barrier;
  connectors_.on_commit = [&](const ConnectorContext& context) {
    return barrier.hold(context.interrupted);
  };
  make_engine(1, kPatient);
  const auto job = start();
  barrier.await_arrival();
  EXPECT_EQ(job->stop().code(), StatusCode::kConflict);
  EXPECT_EQ(engine_->held_up(), 0U);
  EXPECT_TRUE(rows().empty());
  barrier.open();
  expect_each_once(*start());
}

TEST_F(JobControlTest, WhoAsksForACheckpointIsToldWhatHoldsItUp) {
  EngineOptions options = small_engine();
  options.checkpoint_wait_ms = 1;
  make_engine(options);
  Barrier barrier;
  connectors_.on_commit = [&](const ConnectorContext&) { return barrier.hold(); };
  const auto job = start();
  barrier.await_arrival();
  const Status late = job->checkpoint().status();
  EXPECT_EQ(late.code(), StatusCode::kTimedOut);
  EXPECT_NE(late.message().find("sink out"), std::string::npos) << late;
  EXPECT_EQ(job->savepoint(dir_ + "/savepoint").status().code(), StatusCode::kTimedOut);
  barrier.open();
  expect_each_once(*job);
}

TEST_F(JobControlTest, CheckpointsThatAreAskedForLeaveNoTimersBehind) {
  JobConfig rarely = config();
  rarely.plan.job.checkpoint_interval_ms = kPatient;
  const auto job = start(rarely);
  ASSERT_TRUE(job->checkpoint().ok());
  const size_t before = timers_.pending();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(job->checkpoint().ok());
  EXPECT_LE(timers_.pending(), before + 2);
}

TEST_F(JobControlTest, OutputThatIsOwedHoldsUpNobodyWhoDoesNotAskForIt) {
  leave_owed_rows();
  make_engine(kPatient, 1);
  Barrier barrier;
  connectors_.on_commit = [&](const ConnectorContext&) { return barrier.hold(); };
  auto job = start(FirstAttempt::kNotAwaited);
  barrier.await_arrival();
  EXPECT_EQ(job->status().state, JobState::kStarting);
  job->cancel();
  EXPECT_EQ(job->status().state, JobState::kStopped);
  EXPECT_EQ(engine_->held_up(), 1U);
  job.reset();
  barrier.open();
  expect_each_once_behind_held_up();
}

TEST_F(JobControlTest, OutputThatIsOwedIsDeliveredWithoutARunAndOnce) {
  EXPECT_TRUE(engine_->deliver(config()).ok()) << "there is nothing yet";
  EXPECT_FALSE(env_.exists(dir_));
  leave_owed_rows();
  fail_to_make_sinks(1);
  EXPECT_EQ(engine_->deliver(config()).code(), StatusCode::kUnavailable);
  connectors_.on_commit = [](const ConnectorContext&) { return Status::unavailable("down"); };
  const Status down = engine_->deliver(config());
  EXPECT_EQ(down.code(), StatusCode::kUnavailable);
  EXPECT_NE(down.message().find(" to out: down"), std::string::npos) << down;
  EXPECT_TRUE(rows().empty());
  connectors_.on_commit = {};
  // Nothing is read for it.
  connectors_.tables.clear();
  EXPECT_TRUE(engine_->deliver(config()).ok());
  const size_t delivered = rows().size();
  EXPECT_GT(delivered, 0U);
  add(3);
  fail_to_make_sinks(1000);
  EXPECT_TRUE(engine_->deliver(config()).ok()) << "nothing is owed, and nobody is asked";
  EXPECT_EQ(rows().size(), delivered);
  connectors_.on_make_sink = {};
  connectors_.tables["numbers"] = table_;
  expect_each_once(*start());
  EXPECT_EQ(connectors_.results["out"]->repeats(), 0U);
}

TEST_F(JobControlTest, ADeliveryThatHangsIsInterruptedOrLeftToItself) {
  leave_owed_rows();
  make_engine(1, kPatient);
  Barrier interrupted;
  connectors_.on_commit = [&](const ConnectorContext& context) {
    return interrupted.hold(context.interrupted);
  };
  EXPECT_EQ(engine_->deliver(config()).code(), StatusCode::kCancelled);
  EXPECT_EQ(engine_->held_up(), 0U);
  make_engine(1, 1);
  Barrier barrier;
  connectors_.on_commit = [&](const ConnectorContext&) { return barrier.hold(); };
  // However far it came.
  EXPECT_EQ(engine_->deliver(config()).code(), StatusCode::kConflict);
  EXPECT_EQ(engine_->held_up(), 1U);
  barrier.open();
  expect_each_once_behind_held_up();
}

TEST_F(JobControlTest, AFullDiskIsWaitedForAndIsNoFailureOfTheJob) {
  table_->finish();
  std::atomic<int> refusals = 50;
  connectors_.on_commit = [&](const ConnectorContext&) {
    return refusals-- > 0 ? Status::no_space("no space left for segment 7") : Status();
  };
  JobConfig strict = config();
  strict.plan.job.restart.max_attempts = 1;
  const auto job = start(strict);
  expect_each_once(*job);
  EXPECT_EQ(job->status().restarts, 50);
  EXPECT_NE(job->status().reason.find("the disk is full, and the job goes on when there is space"),
            std::string::npos)
      << job->status().reason;
}

}  // namespace
}  // namespace dataflow::engine
