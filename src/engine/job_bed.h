// For tests of whole jobs over tables in memory: an engine, and a folder for the state of one job.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "base/timer_queue.h"
#include "engine/job.h"
#include "engine/memory_connectors.h"
#include "plan/plan.h"

namespace dataflow::engine {

class JobBed : public testing::Test {
 protected:
  void SetUp() override {
    timers_.start();
    make_engine(small_engine());
  }
  void TearDown() override {
    engine_.reset();
    timers_.stop();
    EXPECT_TRUE(env_.remove_tree(dir_).ok());
  }

  // Two threads, and batches so small that there are many.
  static EngineOptions small_engine() { return {2, 64, 2}; }
  void make_engine(const EngineOptions& options) {
    engine_.reset();
    engine_ = Engine::create(env_, timers_, connectors_, options, nullptr);
  }

  static plan::Plan validated(plan::Plan plan) {
    const Status valid = plan::validate(plan);
    EXPECT_TRUE(valid.ok()) << valid;
    return plan;
  }
  // Without the job a test cannot go on: it ends here, and has failed.
  std::shared_ptr<Job> start(JobConfig config) {
    Result<std::shared_ptr<Job>> job = engine_->start(std::move(config));
    if (!job.ok()) throw std::runtime_error("the job did not start: " + job.status().message());
    return std::move(*job);
  }
  std::shared_ptr<Job> start(plan::Plan plan) {
    const std::string name = plan.name;
    return start(JobConfig{name, validated(std::move(plan)), dir_});
  }
  static void expect_finished(Job& job) {
    EXPECT_TRUE(job.wait().ok()) << job.status().reason;
    EXPECT_EQ(job.status().state, JobState::kFinished);
  }
  std::vector<std::string> rows(const std::string& result = "out") {
    return connectors_.results[result]->rows();
  }

  Env& env_ = posix_env();
  const std::string dir_ = testing::TempDir() + "job_bed_" + std::to_string(getpid()) + "_" +
                           testing::UnitTest::GetInstance()->current_test_info()->name();
  TimerQueue timers_{env_};
  MemoryConnectors connectors_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace dataflow::engine
