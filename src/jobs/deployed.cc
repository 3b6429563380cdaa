#include "deployed.h"

#include "base/logger.h"

namespace dataflow::jobs {
namespace {

constexpr size_t kMostEvents = 256;

}  // namespace

PipelineRow Deployed::row() const {
  const std::lock_guard lock(mutex_);
  return row_;
}

void Deployed::set_row(PipelineRow row, std::shared_ptr<const plan::Plan> plan) {
  const std::lock_guard lock(mutex_);
  row_ = std::move(row);
  plan_ = std::move(plan);
}

std::shared_ptr<const plan::Plan> Deployed::plan() const {
  const std::lock_guard lock(mutex_);
  return plan_;
}

std::shared_ptr<engine::Job> Deployed::job() const {
  const std::lock_guard lock(mutex_);
  return job_run_ == ended_run_ ? nullptr : job_;
}

void Deployed::drop_job() {
  std::shared_ptr<engine::Job> last;  // destroyed behind the lock, which its end takes
  const std::lock_guard lock(mutex_);
  last.swap(job_);
}

uint64_t Deployed::next_run() {
  // Destroyed behind the lock. It holds the state's store, which the next one opens.
  std::shared_ptr<engine::Job> last;
  const std::lock_guard lock(mutex_);
  last.swap(job_);
  ended_.reset();
  reason_.clear();
  return ++runs_;
}

void Deployed::set_job(std::shared_ptr<engine::Job> job, uint64_t run) {
  const std::lock_guard lock(mutex_);
  job_ = std::move(job);
  job_run_ = run;
}

void Deployed::end_job(uint64_t run, engine::JobState state, const Status& why) {
  const std::lock_guard lock(mutex_);
  if (run != runs_) return;
  // It may end before set_job() hears of it.
  ended_run_ = run;
  ended_ = state;
  reason_ = why.ok() ? "" : why.message();
  ended_changed_.notify_all();
}

void Deployed::set_failed(const Status& why) {
  const std::lock_guard lock(mutex_);
  job_.reset();
  job_run_ = ended_run_ = runs_;
  ended_ = engine::JobState::kFailed;
  reason_ = why.message();
}

void Deployed::set_finished() {
  const std::lock_guard lock(mutex_);
  ended_ = engine::JobState::kFinished;
}

bool Deployed::finished() const {
  const std::lock_guard lock(mutex_);
  return ended_ == engine::JobState::kFinished;
}

void Deployed::await_end() {
  std::unique_lock lock(mutex_);
  ended_changed_.wait(lock, [this] { return job_run_ <= ended_run_; });
}

void Deployed::note(Timestamp when, std::string kind, std::string words) {
  const std::lock_guard lock(events_mutex_);
  events_.push_back({when, std::move(kind), std::move(words)});
  if (events_.size() > kMostEvents) events_.pop_front();
  if (event_log_ == nullptr) return;
  const Status kept = event_log_->append(events_.back());
  if (!kept.ok()) log_warn("what befell a pipeline is not kept", {{"why", kept.message()}});
}

void Deployed::keep_events(Env& env, const std::string& dir) {
  const std::lock_guard lock(events_mutex_);
  event_log_ = std::make_unique<EventLog>(env, dir);
  const std::vector<PipelineEvent> before = event_log_->read(kMostEvents);
  events_.insert(events_.begin(), before.begin(), before.end());
}

void Deployed::move_events(const std::string& dir) {
  const std::lock_guard lock(events_mutex_);
  const Status moved = event_log_ == nullptr ? Status() : event_log_->move_to(dir);
  if (!moved.ok()) log_warn("what befell a pipeline is not kept", {{"why", moved.message()}});
}

std::vector<PipelineEvent> Deployed::events() const {
  const std::lock_guard lock(events_mutex_);
  return {events_.begin(), events_.end()};
}

PipelineView Deployed::view() const {
  PipelineView view;
  std::shared_ptr<engine::Job> job;
  {
    const std::lock_guard lock(mutex_);
    view.name = row_.name;
    view.id = row_.id;
    view.desired = row_.desired;
    view.created = row_.created;
    view.updated = row_.updated;
    view.source = row_.source;
    view.plan = plan_;
    view.reason = reason_;
    view.state = ended_ ? std::string(engine::job_state_name(*ended_)) : "";
    job = job_;
  }
  // Not under the lock: the end of a job may be told while its status is taken.
  if (job != nullptr) view.job = job->status();
  const bool wanted = view.desired == Desired::kRunning;
  if (view.state.empty() && view.job && wanted) {
    view.state = engine::job_state_name(view.job->state);
    view.reason = view.job->reason;
  }
  // What was stopped on purpose is called as it was wanted.
  if (view.state.empty() || (!wanted && view.state == "stopped")) {
    view.state = wanted ? "stopped" : desired_name(view.desired);
  }
  return view;
}

}  // namespace dataflow::jobs
