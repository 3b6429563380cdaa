// Task: one chain of operators as a runnable, fed by a source or by other tasks' channels.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/timer_queue.h"
#include "chain.h"
#include "gate.h"
#include "scheduler.h"
#include "source_driver.h"
#include "task_clock.h"

namespace dataflow::engine {

// What a task tells the one who coordinates its job. Calls come from worker threads; they must not
// block.
class TaskListener {
 public:
  virtual ~TaskListener() = default;
  virtual void on_part(size_t task, CheckpointId id, TaskPart part) = 0;
  // The task has ended; this is its part of the checkpoint that comes next.
  virtual void on_end(size_t task, TaskPart part) = 0;
  virtual void on_failure(size_t task, Status status) = 0;
};

// A way to wake a task that may be gone by then.
class TaskWaker {
 public:
  TaskWaker(Scheduler& scheduler, Runnable& task) : scheduler_(&scheduler), task_(&task) {}
  void wake() {
    const std::lock_guard lock(mutex_);
    if (task_ != nullptr) scheduler_->wake(*task_);
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    task_ = nullptr;
  }

 private:
  std::mutex mutex_;
  Scheduler* scheduler_;
  Runnable* task_;
};

class Task final : public Runnable {
 public:
  Task(size_t index, std::string name, Scheduler& scheduler, TimerQueue& timers,
       TaskListener& listener);
  ~Task() override;

  // Before the first wake(). One of `source` and `gate` is given; `last` is the last
  // checkpoint of the job.
  void set_up(std::unique_ptr<Chain> chain, std::unique_ptr<SourceDriver> source,
              std::unique_ptr<Gate> gate, CheckpointId last);
  Status open();

  const std::shared_ptr<TaskWaker>& waker() const { return waker_; }
  void wake() { waker_->wake(); }
  // A source's task sends the barrier between two chunks. Behind the last one nothing is read and
  // no timer fires: the run ends with its checkpoint, and all of that comes again in the next.
  void request_barrier(CheckpointId id, bool last);
  // It runs no more when this returns.
  void stop();

  Next run() override;

  const std::string& name() const { return name_; }
  const Chain& chain() const { return *chain_; }
  const SourceDriver* source() const { return source_.get(); }
  TaskTimes times() const;
  int64_t staged_bytes() const { return staged_.load(std::memory_order_relaxed); }

 private:
  Result<Next> step();
  Result<Next> source_step();
  Result<Next> gate_step();
  Status handle(GateEvent& event);
  Status finish();
  void set_wake_up();
  bool is_behind_last_barrier() const {
    const CheckpointId wanted(wanted_barrier_.load(std::memory_order_acquire));
    return wanted_is_last_.load(std::memory_order_relaxed) && last_barrier_ >= wanted;
  }

  const size_t index_;
  const std::string name_;
  Scheduler& scheduler_;
  TimerQueue& timers_;
  TaskListener& listener_;
  const std::shared_ptr<TaskWaker> waker_;
  std::unique_ptr<Chain> chain_;
  std::unique_ptr<SourceDriver> source_;
  std::unique_ptr<Gate> gate_;
  std::atomic<int64_t> wanted_barrier_{0};
  std::atomic<bool> wanted_is_last_{false};
  CheckpointId last_barrier_{0};
  bool over_ = false;  // ended or failed
  int64_t wake_up_at_ = INT64_MAX;
  TimerId wake_up_{};
  const std::shared_ptr<std::atomic<bool>> wake_up_fired_ =
      std::make_shared<std::atomic<bool>>(false);
  TaskClock clock_;
  bool outputs_full_ = false;  // which is why the last step waits
  std::atomic<int64_t> staged_{0};
};

}  // namespace dataflow::engine
