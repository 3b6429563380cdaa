// JobImpl: the life of one job. Everything happens on one thread of its own, in the order in which
// it is posted there: what tasks report, checkpoints, commits, restarts. Tasks run on the
// scheduler's threads and only post to it.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/worker.h"
#include "engine/job.h"
#include "job_run.h"
#include "restart_policy.h"

namespace dataflow::engine {

class JobImpl final : public Job, public std::enable_shared_from_this<JobImpl> {
 public:
  JobImpl(Env& env, TimerQueue& timers, Connectors& connectors, Scheduler& scheduler,
          const EngineOptions& options, state::MemoryBudget& state_memory, JobConfig config);
  ~JobImpl() override;

  // The first attempt; returns when its tasks run, or with why they cannot.
  Status start();

  const std::string& name() const override { return config_.name; }
  JobStatus status() const override;
  Status stop() override;
  void cancel() override;
  Result<CheckpointId> checkpoint() override;
  Result<state::SavepointInfo> savepoint(const std::string& dir) override;
  Status wait() override;

 private:
  // Reports of an attempt that is over are passed over.
  class Reports;

  // One checkpoint on its way through the graph.
  struct Round {
    CheckpointId id;
    std::vector<bool> answered;
    size_t missing = 0;
    TaskPart parts;
    int64_t began_nanos = 0;
  };

  using Told = std::function<void(const Result<CheckpointId>&)>;
  // `told` hears of a checkpoint that begins from now on; false if the job is over.
  bool after_checkpoint(Told told);

  // All of these run on worker_.
  Status begin_attempt();
  Status open_store();
  Status check_plan();
  void end_attempt();
  void tick();
  int64_t interval_nanos() const {
    return std::max<int64_t>(config_.plan.job.checkpoint_interval_ms, 1) * 1000000;
  }
  void schedule_tick();
  void begin_round();
  void answer(size_t task, TaskPart part);
  void on_part(size_t task, CheckpointId id, TaskPart part);
  void on_end(size_t task, TaskPart part);
  void on_failure(size_t task, Status status);
  void fail(const Status& status);
  void complete_round();
  // Goes on from the checkpoint just made: with splits that were not there before.
  void start_over();
  Status commit_round();
  void conclude(JobState state, const Status& status);
  bool all_ended() const;
  void set_state(JobState state, const Status* reason = nullptr);
  void tell_waiters(const Result<CheckpointId>& result);

  Env& env_;
  TimerQueue& timers_;
  Connectors& connectors_;
  Scheduler& scheduler_;
  const EngineOptions options_;
  state::MemoryBudget& state_memory_;
  JobConfig config_;

  std::unique_ptr<state::JobStore> store_;
  uint64_t attempt_ = 0;
  std::unique_ptr<Reports> reports_;
  std::unique_ptr<JobRun> run_;
  std::optional<Round> round_;
  std::vector<bool> ended_;
  TaskPart ended_parts_;
  uint64_t seen_activity_ = 0;
  int64_t last_round_nanos_ = 0;
  int64_t last_look_nanos_ = 0;  // for new splits
  bool new_splits_ = false;
  bool stop_wanted_ = false;
  std::vector<Told> waiters_;       // the round at hand
  std::vector<Told> next_waiters_;  // the one after
  RestartPolicy policy_;

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable over_;
  JobStatus status_;
  bool concluded_ = false;
  Status outcome_;

  Worker worker_;  // last: its tasks use the rest
};

}  // namespace dataflow::engine
