#include "job_impl.h"

#include <algorithm>

#include "base/logger.h"
#include "plan/analyze.h"

namespace dataflow::engine {
namespace {

// Output that waits: so much of it brings a checkpoint forward.
constexpr int64_t kStagedBytes = 4 << 20;
constexpr int64_t kLooksPerInterval = 5;         // for that
constexpr int64_t kSplitsNanos = 1'000'000'000;  // between two looks for new splits
// The job's plan, kept beside its state.
constexpr const char* kPlanFact = "plan";

// Whether an operator's state, which is of the plan that stands beside it, is of use to the plan at
// hand. Whoever deploys has asked that before; a state that was forgotten is no matter.
Status check_goes_on(const plan::NodeChange& change, const plan::Plan& running) {
  const std::string what = "operator `" + change.id + "` cannot go on from its state: ";
  if (change.change == plan::Continuity::kIncompatible) {
    return Status::conflict(what + change.reason);
  }
  if (change.change != plan::Continuity::kRemoved) return {};
  const plan::Node* node = running.find(change.id);
  if (node == nullptr || !plan::has_state(node->spec)) return {};
  return Status::conflict(what +
                          "the plan does not have it any more, and its state was not dropped");
}

// Of reading state: whether it would be so the next time too.
bool is_for_good(const Status& status) {
  return status.code() == StatusCode::kCorrupt || status.code() == StatusCode::kUnsupported;
}

}  // namespace

std::string_view job_state_name(JobState state) {
  switch (state) {
    case JobState::kStarting: return "starting";
    case JobState::kRunning: return "running";
    case JobState::kRestarting: return "restarting";
    case JobState::kStopping: return "stopping";
    case JobState::kStopped: return "stopped";
    case JobState::kFinished: return "finished";
    case JobState::kFailed: return "failed";
  }
  return "unknown";
}

class JobImpl::Reports final : public TaskListener {
 public:
  Reports(JobImpl& job, uint64_t attempt) : job_(job), attempt_(attempt) {}

  void on_part(size_t task, CheckpointId id, TaskPart part) override {
    post([task, id, part = std::make_shared<TaskPart>(std::move(part))](JobImpl& job) {
      job.on_part(task, id, std::move(*part));
    });
  }
  void on_end(size_t task, TaskPart part) override {
    post([task, part = std::make_shared<TaskPart>(std::move(part))](JobImpl& job) {
      job.on_end(task, std::move(*part));
    });
  }
  void on_failure(size_t task, Status status) override {
    post([task, status](JobImpl& job) { job.on_failure(task, status); });
  }

 private:
  template <class Do>
  void post(Do action) {
    job_.worker_.post([&job = job_, attempt = attempt_, action = std::move(action)] {
      if (job.attempt_ == attempt && job.run_ != nullptr) action(job);
    });
  }

  JobImpl& job_;
  const uint64_t attempt_;
};

JobImpl::JobImpl(Env& env, TimerQueue& timers, Connectors& connectors, Scheduler& scheduler,
                 const EngineOptions& options, state::MemoryBudget& state_memory,
                 HeldUpJobs& held_up, JobConfig config)
    : env_(env),
      timers_(timers),
      connectors_(connectors),
      scheduler_(scheduler),
      options_(options),
      state_memory_(state_memory),
      held_up_jobs_(held_up),
      config_(std::move(config)),
      policy_(config_.plan.job.restart),
      worker_("job-" + config_.name) {}

JobImpl::~JobImpl() {
  cancelled_ = true;
  interruption_.request_stop();
  worker_.post([this] {
    end_attempt();
    conclude(JobState::kStopped, Status::cancelled("the job was cancelled"));
  });
  worker_.stop();
}

Status JobImpl::first_attempt() {
  const Status status = begin_attempt();
  if (status.ok()) return {};
  // A stop that was not done waiting: what is owed is delivered by the next start.
  if (interruption_.stop_requested()) {
    end_attempt();
    conclude(JobState::kStopped, Status::conflict("stopped while it started: " + status.message()));
    return status;
  }
  FirstWord none = FirstWord::kNone;
  const bool nobody_waits = config_.first_attempt == FirstAttempt::kNotAwaited ||
                            !first_word_.compare_exchange_strong(none, FirstWord::kAttemptTells);
  const bool has_state = store_ != nullptr && store_->last() > CheckpointId(0);
  const bool goes_on = config_.first_attempt == FirstAttempt::kGoesOn && has_state;
  if (goes_on || nobody_waits) {
    fail(status);
    return is_over() ? status : Status();
  }
  end_attempt();
  conclude(JobState::kFailed, status);
  return status;
}

Status JobImpl::open_store() {
  if (store_ != nullptr) return {};
  if (config_.state_dir.empty()) {
    store_ = state::JobStore::throw_away();
    return {};
  }
  if (!config_.restore_from.empty()) {
    const auto there = env_.list_dir(config_.state_dir);
    if (!there.ok() || there->empty()) {
      DF_RETURN_IF_ERROR(state::restore_savepoint(env_, config_.restore_from, config_.state_dir,
                                                  std::string(kCommitterPrefix)));
    }
  }
  DF_ASSIGN_OR_RETURN(store_, state::JobStore::open(env_, config_.state_dir));
  return {};
}

Status JobImpl::check_plan() {
  if (!store_->keeps_tables()) return {};
  const std::string now = plan::to_json(config_.plan);
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> stored, store_->fact(kPlanFact));
  if (stored == now) return {};
  if (stored && store_->last() > CheckpointId(0)) {
    DF_ASSIGN_OR_RETURN(plan::Plan running, plan::plan_from_json(*stored));
    DF_RETURN_IF_ERROR(plan::validate(running).with_context("the plan that the state is of"));
    DF_ASSIGN_OR_RETURN(const std::vector<std::string> kept, store_->operators());
    for (const plan::NodeChange& change : plan::compare_for_restart(running, config_.plan)) {
      if (!std::binary_search(kept.begin(), kept.end(), change.id)) continue;
      DF_RETURN_IF_ERROR(check_goes_on(change, running));
    }
  }
  return store_->put_fact(kPlanFact, now);
}

RunContext JobImpl::run_context() {
  reports_ = std::make_unique<Reports>(*this, attempt_);
  return {env_,
          timers_,
          connectors_,
          scheduler_,
          options_,
          config_,
          *store_,
          *reports_,
          state_memory_,
          interruption_.get_token(),
          [this](const std::string& doing) { set_doing(doing); }};
}

Status JobImpl::deliver_owed() {
  DF_RETURN_IF_ERROR(open_store());
  return JobRun::deliver(run_context());
}

Status JobImpl::begin_attempt() {
  ++attempt_;
  const Status there = open_store();
  hopeless_ = is_for_good(there);
  DF_RETURN_IF_ERROR(there);
  const Status fits = check_plan();
  hopeless_ = is_for_good(fits) || fits.code() == StatusCode::kConflict;
  DF_RETURN_IF_ERROR(fits);
  DF_ASSIGN_OR_RETURN(std::unique_ptr<JobRun> run, JobRun::make(run_context()));
  const Status opened = run->open();
  hopeless_ = is_for_good(opened);
  DF_RETURN_IF_ERROR(opened);
  {
    const std::lock_guard lock(mutex_);
    if (concluded_) return Status::cancelled("the job " + config_.name + " is over");
    run_ = std::move(run);
    doing_.clear();
  }
  ended_.assign(run_->task_count(), false);
  ended_parts_ = {};
  round_.reset();
  seen_activity_ = 0;
  new_splits_ = false;
  last_look_nanos_ = env_.monotonic_nanos();
  set_state(JobState::kRunning);
  run_->start();
  schedule_tick();
  return {};
}

void JobImpl::end_attempt() {
  ++attempt_;
  round_.reset();
  if (run_ == nullptr) return;
  set_doing("ending its tasks");
  run_->stop();
  std::unique_ptr<JobRun> last;  // destroyed behind the lock
  const std::lock_guard lock(mutex_);
  run_->fill(status_);
  last = std::move(run_);
  doing_.clear();
}

void JobImpl::clear() {
  end_attempt();
  store_.reset();
}

void JobImpl::schedule_tick() {
  const int64_t look = interval_nanos() / kLooksPerInterval;
  // One is enough, though a round may have begun without it.
  timers_.cancel(tick_);
  tick_ = timers_.schedule_after(look, [self = weak_from_this(), attempt = attempt_] {
    const std::shared_ptr<JobImpl> job = self.lock();
    if (job == nullptr) return;
    // The worker is stopped before the job goes.
    job->worker_.post([raw = job.get(), attempt] {
      if (raw->attempt_ == attempt && raw->run_ && !raw->round_) raw->tick();
    });
  });
}

void JobImpl::tick() {
  const int64_t now = env_.monotonic_nanos();
  if (now - last_look_nanos_ >= kSplitsNanos) {
    last_look_nanos_ = now;
    new_splits_ = run_->has_new_splits();
  }
  const bool due = now - last_round_nanos_ >= interval_nanos();
  const uint64_t activity = run_->activity();
  const bool wanted = stop_wanted_ || new_splits_ || is_awaited() ||
                      run_->staged_bytes() >= kStagedBytes || (due && activity != seen_activity_);
  if (!wanted) {
    schedule_tick();
    return;
  }
  seen_activity_ = activity;
  begin_round();
}

void JobImpl::begin_round() {
  {
    const std::lock_guard lock(mutex_);
    std::move(next_waiters_.begin(), next_waiters_.end(), std::back_inserter(waiters_));
    next_waiters_.clear();
  }
  round_.emplace(Round());  // clang 14 finds no way to make one from nothing
  round_->id = store_->last() + 1;
  round_->began_nanos = env_.monotonic_nanos();
  last_round_nanos_ = round_->began_nanos;
  round_->answered = ended_;
  round_->parts = std::exchange(ended_parts_, {});
  round_->missing = static_cast<size_t>(std::count(ended_.begin(), ended_.end(), false));
  if (round_->missing == 0) {
    complete_round();
    return;
  }
  // Nothing is read behind the last barrier: a sink that does not wait for checkpoints has it then.
  round_->last = stop_wanted_ || new_splits_;
  run_->request_barrier(round_->id, round_->last);
}

void JobImpl::answer(size_t task, TaskPart part) {
  round_->answered[task] = true;
  round_->parts.append(std::move(part));
  if (--round_->missing == 0) complete_round();
}

void JobImpl::on_part(size_t task, CheckpointId id, TaskPart part) {
  if (!round_ || round_->id != id || round_->answered[task]) return;
  answer(task, std::move(part));
}

void JobImpl::on_end(size_t task, TaskPart part) {
  ended_[task] = true;
  // An end stands for the barrier that the task has not seen: those behind it take it for one.
  if (round_ && !round_->answered[task]) {
    answer(task, std::move(part));
    return;
  }
  ended_parts_.append(std::move(part));
  if (!round_ && all_ended()) begin_round();
}

bool JobImpl::all_ended() const {
  return std::all_of(ended_.begin(), ended_.end(), [](bool ended) { return ended; });
}

void JobImpl::complete_round() {
  const Status status = commit_round();
  if (is_over()) {
    clear();
    return;
  }
  if (!status.ok()) {
    // What the store holds now is known only after it is opened again.
    end_attempt();
    store_.reset();
    fail(status);
    return;
  }
  policy_.on_checkpoint();
  const CheckpointId id = round_->id;
  const bool last = round_->last;
  if (config_.on_event) {
    config_.on_event({JobEvent::Kind::kCheckpoint, id, status_.last_checkpoint_seconds,
                      status_.last_checkpoint_bytes, ""});
  }
  round_.reset();
  tell_waiters(id);
  if ((stop_wanted_ || new_splits_) && !last && !all_ended()) {
    begin_round();
    return;
  }
  if (stop_wanted_) {
    end_attempt();
    conclude(JobState::kStopped, {});
    return;
  }
  if (new_splits_) {
    start_over();
    return;
  }
  if (!all_ended()) {
    // Who asked meanwhile waits for no tick.
    is_awaited() ? begin_round() : schedule_tick();
    return;
  }
  // Tasks that ended while the round was under way still have something to commit.
  if (!ended_parts_.deltas.empty() || !ended_parts_.named.empty() ||
      !ended_parts_.committables.empty()) {
    begin_round();
    return;
  }
  end_attempt();
  conclude(JobState::kFinished, {});
}

void JobImpl::start_over() {
  end_attempt();
  const Status started = begin_attempt();
  if (!started.ok()) fail(started);
}

Status JobImpl::commit_round() {
  state::Checkpoint checkpoint;
  checkpoint.id = round_->id;
  checkpoint.deltas = std::move(round_->parts.deltas);
  checkpoint.named = std::move(round_->parts.named);
  checkpoint.committables = std::move(round_->parts.committables);
  checkpoint.wall_millis = env_.now().value();
  DF_RETURN_IF_ERROR(run_->prepare(checkpoint));
  DF_RETURN_IF_ERROR(store_->write(checkpoint));
  uint64_t bytes = 0;
  for (const state::TableDelta& delta : checkpoint.deltas) bytes += delta.block.bytes.size();
  {
    const std::lock_guard lock(mutex_);
    status_.last_checkpoint = checkpoint.id;
    status_.last_checkpoint_wall_ms = checkpoint.wall_millis;
    status_.last_checkpoint_seconds =
        static_cast<double>(env_.monotonic_nanos() - round_->began_nanos) / 1e9;
    status_.last_checkpoint_bytes = bytes;
    ++status_.checkpoints;
  }
  DF_RETURN_IF_ERROR(run_->commit(checkpoint));
  store_->acknowledge(checkpoint.id);
  return {};
}

void JobImpl::on_failure(size_t /*task*/, Status status) { fail(status); }

std::optional<int64_t> JobImpl::wait_behind(const Status& status) {
  uint64_t random = 0;
  env_.fill_random(std::span(reinterpret_cast<char*>(&random), sizeof random));
  // There is nothing to go on from.
  if (config_.state_dir.empty()) return std::nullopt;
  if (status.code() == StatusCode::kNoSpace) return policy_.on_full_disk(random);
  // A row that fails the job would do so again.
  if (hopeless_ || status.code() == StatusCode::kInvalid) return std::nullopt;
  return policy_.on_failure(env_.now().value(), random);
}

void JobImpl::fail(const Status& failure) {
  end_attempt();
  if (is_over()) {
    clear();
    return;
  }
  tell_waiters(failure);
  if (cancelled_ || stop_wanted_) {
    conclude(JobState::kStopped,
             Status::conflict("stopped without a last checkpoint: " + failure.message()));
    return;
  }
  const std::optional<int64_t> wait = wait_behind(failure);
  if (!wait) {
    conclude(JobState::kFailed, failure);
    return;
  }
  const bool full = failure.code() == StatusCode::kNoSpace;
  const Status status =
      full ? failure.with_context("the disk is full, and the job goes on when there is space")
           : failure;
  set_state(JobState::kRestarting, &status);
  if (config_.on_event) {
    config_.on_event(
        {JobEvent::Kind::kRestart, {}, static_cast<double>(*wait) / 1000.0, 0, status.message()});
  }
  log_warn("a job failed and is started again",
           {{"job", config_.name}, {"why", status.message()}, {"in_ms", *wait}});
  timers_.schedule_after(*wait * 1000000, [self = weak_from_this(), attempt = attempt_] {
    const std::shared_ptr<JobImpl> job = self.lock();
    if (job == nullptr) return;
    job->worker_.post([raw = job.get(), attempt] {
      if (raw->attempt_ != attempt || raw->run_) return;
      {
        const std::lock_guard lock(raw->mutex_);
        if (raw->concluded_) return;
        ++raw->status_.restarts;
      }
      const Status started = raw->begin_attempt();
      if (!started.ok()) raw->fail(started);
    });
  });
}

void JobImpl::set_state(JobState state, const Status* reason) {
  const std::lock_guard lock(mutex_);
  if (concluded_) return;
  status_.state = state;
  if (reason != nullptr) status_.reason = reason->message();
}

void JobImpl::set_doing(const std::string& doing) {
  const std::lock_guard lock(mutex_);
  doing_ = doing;
}

bool JobImpl::is_awaited() const {
  const std::lock_guard lock(mutex_);
  return !next_waiters_.empty();
}

void JobImpl::conclude(JobState state, const Status& status) {
  // Whoever hears of the end may start the job again.
  store_.reset();
  (void)end(state, status);
}

void JobImpl::tell_waiters(const Result<CheckpointId>& result) {
  std::vector<Told> told;
  {
    const std::lock_guard lock(mutex_);
    told.swap(waiters_);
    if (!result.ok()) {
      std::move(next_waiters_.begin(), next_waiters_.end(), std::back_inserter(told));
      next_waiters_.clear();
    }
  }
  for (const Told& waiter : told) waiter(result);
}

}  // namespace dataflow::engine
