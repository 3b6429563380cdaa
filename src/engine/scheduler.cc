#include "scheduler.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <string>

namespace dataflow::engine {

using State = Runnable::State;

Scheduler::Scheduler(int threads) {
  for (int i = 0; i < std::max(threads, 1); ++i) {
    threads_.emplace_back([this] { run_thread(); });
    pthread_setname_np(threads_.back().native_handle(), ("engine-" + std::to_string(i)).c_str());
  }
}

Scheduler::~Scheduler() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Scheduler::wake(Runnable& runnable) {
  {
    const std::lock_guard lock(mutex_);
    if (runnable.schedule == State::kRunning) runnable.schedule = State::kRunningWoken;
    if (runnable.schedule != State::kIdle) return;
    runnable.schedule = State::kReady;
    ready_.push_back(&runnable);
  }
  ready_changed_.notify_one();
}

void Scheduler::remove(Runnable& runnable) {
  std::unique_lock lock(mutex_);
  if (runnable.schedule == State::kReady) std::erase(ready_, &runnable);
  const bool running =
      runnable.schedule == State::kRunning || runnable.schedule == State::kRunningWoken;
  runnable.schedule = State::kRemoved;
  if (!running) return;
  // The thread that runs it sees kRemoved, says so once, and forgets it.
  step_ended_.wait(lock, [&] { return runnable.schedule == State::kIdle; });
  runnable.schedule = State::kRemoved;
}

void Scheduler::run_thread() {
  std::unique_lock lock(mutex_);
  while (true) {
    ready_changed_.wait(lock, [this] { return stopping_ || !ready_.empty(); });
    if (stopping_) return;
    Runnable* runnable = ready_.front();
    ready_.pop_front();
    runnable->schedule = State::kRunning;
    lock.unlock();
    const Runnable::Next next = runnable->run();
    // Under full load the log's threads, which answer within a moment, wait for a core until a
    // slice of one of these ends. Here is a good place to end it.
    sched_yield();
    lock.lock();
    if (runnable->schedule == State::kRemoved) {
      runnable->schedule = State::kIdle;
      step_ended_.notify_all();
    } else if (next == Runnable::Next::kAgain || runnable->schedule == State::kRunningWoken) {
      runnable->schedule = State::kReady;
      ready_.push_back(runnable);
    } else {
      runnable->schedule = State::kIdle;
    }
  }
}

}  // namespace dataflow::engine
