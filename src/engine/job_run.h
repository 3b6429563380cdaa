// JobRun: one attempt at running a job: its sources, sinks, tasks and channels, from the state that
// the last checkpoint left.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/timer_queue.h"
#include "engine/connectors.h"
#include "engine/job.h"
#include "scheduler.h"
#include "stages.h"
#include "task.h"

namespace dataflow::engine {

// What a run is made with; outlives it.
struct RunContext {
  Env& env;
  TimerQueue& timers;
  Connectors& connectors;
  Scheduler& scheduler;
  const EngineOptions& options;
  const JobConfig& config;
  state::JobStore& store;
  TaskListener& listener;
  state::MemoryBudget& state_memory;
  std::stop_token interrupted;
  // What the coordinator is about to wait for, in words.
  std::function<void(const std::string&)> tell_doing;
};

class JobRun {
 public:
  // Makes sources and sinks, and makes visible what the last checkpoint still had to commit.
  static Result<std::unique_ptr<JobRun>> make(const RunContext& context);
  // Only the last of that: nothing can run afterwards, and only sinks that are owed are made.
  static Status deliver(const RunContext& context);
  // Makes the tasks from the state. Nothing runs yet.
  Status open();
  ~JobRun();

  void start();
  // No task runs when this returns. Not from a task.
  void stop();

  size_t task_count() const { return tasks_.size(); }
  const std::string& task_name(size_t task) const;
  void request_barrier(CheckpointId id, bool last);

  // Gives the committers what the checkpoint holds for their sinks: they may complete it.
  Status prepare(state::Checkpoint& checkpoint);
  // The checkpoint is durable: its output becomes visible.
  Status commit(const state::Checkpoint& checkpoint);

  // Whether a source that does not end has got splits that this run does not read.
  bool has_new_splits();

  // Changes whenever any row has moved.
  uint64_t activity() const;
  int64_t staged_bytes() const;
  // Safe from other threads, once it is open.
  void fill(JobStatus& status) const;

 private:
  struct SinkParts {
    std::unique_ptr<Sink> sink;
    std::unique_ptr<SinkCommitter> committer;
    // Tasks are opened together, and a sink makes one writer at a time.
    std::unique_ptr<std::mutex> opening = std::make_unique<std::mutex>();
  };

  JobRun(const RunContext& context, plan::Plan plan) : context_(context), plan_(std::move(plan)) {}
  Status make_sources();
  // Those for which it is true.
  Status make_sinks(const std::function<bool(const std::string&)>& wanted);
  Status add_saved_splits(const std::string& node, std::vector<Split>& splits);
  Status add_sink(const std::string& node, const plan::SinkSpec& spec, const SchemaPtr& schema);
  Status commit_left_over();
  Status open_tasks();
  Status make_channels();
  Result<std::unique_ptr<Chain>> make_chain(size_t stage, int task);
  Result<std::unique_ptr<SourceDriver>> make_driver(size_t stage, int task);
  std::vector<std::vector<Target>> targets_of(size_t stage, const plan::Node& node,
                                              const std::map<std::string, size_t>& slots) const;
  Task& task(size_t stage, int index) const {
    return *tasks_[first_task_[stage] + static_cast<size_t>(index)];
  }

  const RunContext context_;
  const plan::Plan plan_;  // what is run of the job's
  std::map<std::string, std::unique_ptr<Source>> sources_;
  std::map<std::string, std::vector<Split>> splits_;
  std::map<std::string, SinkParts> sinks_;
  Stages stages_;
  std::vector<size_t> first_task_;  // of each stage
  // channels_[edge][producer's task][consumer's task]; null where a producer sends to one only
  std::vector<std::vector<std::vector<std::shared_ptr<Channel>>>> channels_;
  std::vector<std::unique_ptr<Task>> tasks_;
};

}  // namespace dataflow::engine
