// JobImpl: the life of one job. Everything happens on one thread of its own, in the order in which
// it is posted there: what tasks report, checkpoints, commits, restarts. Tasks run on the
// scheduler's threads and only post to it. A connector may hold that thread up: who asks for the
// status never waits for it, and who ends the job does not wait for long.
//
// job_impl.cc has what happens on that thread, job_control.cc what others ask for.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/worker.h"
#include "engine/job.h"
#include "held_up_jobs.h"
#include "job_run.h"
#include "restart_policy.h"

namespace dataflow::engine {

class JobImpl final : public Job, public std::enable_shared_from_this<JobImpl> {
 public:
  JobImpl(Env& env, TimerQueue& timers, Connectors& connectors, Scheduler& scheduler,
          const EngineOptions& options, state::MemoryBudget& state_memory, HeldUpJobs& held_up,
          JobConfig config);
  ~JobImpl() override;

  // The first attempt: see FirstAttempt.
  Status start();
  // All that it does: see Engine::deliver().
  Status deliver();
  // Whether it is over while its thread is not yet.
  bool held_up() const { return held_up_; }
  const std::string& state_dir() const { return config_.state_dir; }
  // What its thread waits for, in words; empty if for nothing in particular.
  std::string doing() const;

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
    bool last = false;  // sources read nothing behind its barrier
    TaskPart parts;
    int64_t began_nanos = 0;
  };

  using Told = std::function<void(const Result<CheckpointId>&)>;
  // `told` hears of a checkpoint that begins from now on; false if the job is over.
  bool after_checkpoint(Told told);
  // Of a checkpoint or a savepoint (`what`) that takes longer than anybody waits.
  Status not_in_time(const std::string& what);

  // Whether the end has come within this time.
  bool await_end(int64_t wait_ms);
  // The same within the time that a stop has; what holds it up is interrupted, then left.
  void end_in_time();
  // Ends the job without its thread, which is held up.
  void leave();
  bool is_over() const;
  // False if it was over before. Calls those who wait for it.
  bool end(JobState state, const Status& status);

  // All of these run on worker_.
  Status first_attempt();
  Status begin_attempt();
  Status deliver_owed();
  RunContext run_context();
  // What is left when somebody else has ended the job.
  void clear();
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
  void set_doing(const std::string& doing);
  bool is_awaited() const;
  void tell_waiters(const Result<CheckpointId>& result);
  // How long to wait before the next attempt; nothing: there is none.
  std::optional<int64_t> wait_behind(const Status& status);

  Env& env_;
  TimerQueue& timers_;
  Connectors& connectors_;
  Scheduler& scheduler_;
  const EngineOptions options_;
  state::MemoryBudget& state_memory_;
  HeldUpJobs& held_up_jobs_;
  const JobConfig config_;
  std::stop_source interruption_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> held_up_ = false;
  // Who of the two sets it first: start(), which has waited long enough for the first attempt, or
  // the first attempt, whose outcome start() then tells.
  enum class FirstWord : uint8_t { kNone, kStartGaveUp, kAttemptTells };
  std::atomic<FirstWord> first_word_ = FirstWord::kNone;

  std::unique_ptr<state::JobStore> store_;
  uint64_t attempt_ = 0;
  std::unique_ptr<Reports> reports_;
  std::optional<Round> round_;
  std::vector<bool> ended_;
  TaskPart ended_parts_;
  TimerId tick_{0};  // the one that is scheduled, or the last one
  uint64_t seen_activity_ = 0;
  int64_t last_round_nanos_ = 0;
  int64_t last_look_nanos_ = 0;  // for new splits
  bool new_splits_ = false;
  bool stop_wanted_ = false;
  bool hopeless_ = false;  // another attempt would fail in the same way
  RestartPolicy policy_;

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable over_;
  std::unique_ptr<JobRun> run_;     // changed by worker_ only, which reads it without the lock
  std::vector<Told> waiters_;       // for the round at hand
  std::vector<Told> next_waiters_;  // for the one after
  std::string doing_;
  JobStatus status_;
  bool concluded_ = false;
  Status outcome_;

  Worker worker_;  // last: its tasks use the rest
};

}  // namespace dataflow::engine
