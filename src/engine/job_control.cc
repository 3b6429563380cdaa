// What others ask of a job, from threads of their own.
#include <chrono>
#include <future>
#include <set>

#include "base/logger.h"
#include "job_impl.h"

namespace dataflow::engine {

namespace {

// For the words of who holds up what.
constexpr std::chrono::seconds kAnswerWait(1);

}  // namespace

Status JobImpl::start() {
  const auto started = std::make_shared<std::promise<Status>>();
  worker_.post([this, started] { started->set_value(first_attempt()); });
  if (config_.first_attempt == FirstAttempt::kNotAwaited) return {};
  std::future<Status> told = started->get_future();
  const std::chrono::milliseconds wait(options_.start_wait_ms);
  if (told.wait_for(wait) == std::future_status::ready) return told.get();
  FirstWord none = FirstWord::kNone;
  return first_word_.compare_exchange_strong(none, FirstWord::kStartGaveUp) ? Status() : told.get();
}

JobStatus JobImpl::status() const {
  const std::lock_guard lock(mutex_);
  JobStatus status = status_;
  if (run_ != nullptr) run_->fill(status);
  return status;
}

std::string JobImpl::doing() const {
  const std::lock_guard lock(mutex_);
  return doing_;
}

bool JobImpl::is_over() const {
  const std::lock_guard lock(mutex_);
  return concluded_;
}

bool JobImpl::await_end(int64_t wait_ms) {
  std::unique_lock lock(mutex_);
  return over_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return concluded_; });
}

bool JobImpl::end(JobState state, const Status& status) {
  {
    const std::lock_guard lock(mutex_);
    if (concluded_) return false;
    concluded_ = true;
    status_.state = state;
    if (!status.ok()) status_.reason = status.message();
    outcome_ = status;
  }
  tell_waiters(
      Status::cancelled("the job " + config_.name + " is " + std::string(job_state_name(state))));
  over_.notify_all();
  if (config_.on_end) config_.on_end(state, status);
  return true;
}

void JobImpl::leave() {
  const std::string doing = this->doing();
  const Status why = Status::conflict(
      "it is held up" + (doing.empty() ? "" : " (" + doing + ")") +
      " and left to itself; what it has not delivered is owed, and delivered when it starts again");
  // Before anybody hears of the end, who may start it again.
  held_up_ = true;
  held_up_jobs_.add(shared_from_this());
  if (end(JobState::kStopped, why)) {
    log_warn("a job does not come to its end", {{"job", config_.name}, {"doing", doing}});
  }
  worker_.post([this] {
    clear();
    held_up_ = false;
  });
}

Status JobImpl::stop() {
  worker_.post([this] {
    if (stop_wanted_ || is_over()) return;
    stop_wanted_ = true;
    if (run_ == nullptr) {
      conclude(JobState::kStopped,
               Status::conflict("it was between two attempts: what its last checkpoint may still "
                                "owe is delivered when it starts again"));
      return;
    }
    set_state(JobState::kStopping);
    if (!round_) begin_round();
  });
  end_in_time();
  return wait();
}

void JobImpl::end_in_time() {
  if (await_end(options_.stop_wait_ms)) return;
  interruption_.request_stop();
  if (!await_end(options_.leave_wait_ms)) leave();
}

Status JobImpl::deliver() {
  worker_.post([this] {
    const Status delivered = deliver_owed();
    conclude(delivered.ok() ? JobState::kStopped : JobState::kFailed, delivered);
  });
  end_in_time();
  return wait();
}

void JobImpl::cancel() {
  cancelled_ = true;
  interruption_.request_stop();
  worker_.post([this] {
    end_attempt();
    conclude(JobState::kStopped, Status::cancelled("the job was cancelled"));
  });
  if (!await_end(options_.leave_wait_ms)) leave();
}

bool JobImpl::after_checkpoint(Told told) {
  {
    const std::lock_guard lock(mutex_);
    if (concluded_) return false;
    next_waiters_.push_back(std::move(told));
  }
  return worker_.post([this] {
    if (run_ == nullptr) {
      tell_waiters(Status::conflict("the job " + config_.name +
                                    " does not run; a checkpoint needs it running"));
    } else if (!round_ && is_awaited()) {
      begin_round();
    }
  });
}

Status JobImpl::not_in_time(const std::string& what) {
  std::string who = doing();
  if (who.empty()) {
    // It knows who has not answered, unless it is held up itself.
    const auto told = std::make_shared<std::promise<std::string>>();
    worker_.post([this, told] {
      std::set<std::string> names;
      for (size_t task = 0; round_ && run_ != nullptr && task < round_->answered.size(); ++task) {
        if (!round_->answered[task]) names.insert(run_->task_name(task));
      }
      std::string all;
      for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
      told->set_value(all.empty() ? "" : all + " has not answered");
    });
    std::future<std::string> names = told->get_future();
    if (names.wait_for(kAnswerWait) == std::future_status::ready) who = names.get();
  }
  return Status::timed_out("the " + what + " is not made yet" + (who.empty() ? "" : ": " + who) +
                           "; it goes on, and nobody waits for it any more");
}

Result<CheckpointId> JobImpl::checkpoint() {
  auto done = std::make_shared<std::promise<Result<CheckpointId>>>();
  if (!after_checkpoint([done](const Result<CheckpointId>& id) { done->set_value(id); })) {
    return Status::cancelled("the job " + config_.name + " is over");
  }
  std::future<Result<CheckpointId>> made = done->get_future();
  const std::chrono::milliseconds wait(options_.checkpoint_wait_ms);
  if (made.wait_for(wait) != std::future_status::ready) return not_in_time("checkpoint");
  return made.get();
}

Result<state::SavepointInfo> JobImpl::savepoint(const std::string& dir) {
  auto done = std::make_shared<std::promise<Result<state::SavepointInfo>>>();
  // On the worker, so that no later checkpoint comes in between: all that the store holds has been
  // delivered.
  const auto save = [this, dir, done](const Result<CheckpointId>& id) {
    done->set_value(id.ok() ? store_->save(dir, config_.name)
                            : Result<state::SavepointInfo>(id.status()));
  };
  if (!after_checkpoint(save)) {
    return Status::cancelled("the job " + config_.name + " is over");
  }
  std::future<Result<state::SavepointInfo>> made = done->get_future();
  const std::chrono::milliseconds wait(options_.checkpoint_wait_ms);
  if (made.wait_for(wait) != std::future_status::ready) return not_in_time("savepoint");
  return made.get();
}

Status JobImpl::wait() {
  std::unique_lock lock(mutex_);
  over_.wait(lock, [this] { return concluded_; });
  return outcome_;
}

}  // namespace dataflow::engine
