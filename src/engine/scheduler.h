// Scheduler: the worker threads that run the tasks of all jobs, one step at a time. A runnable is
// never run by two threads at once, and a wake() during its step is not lost.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace dataflow::engine {

class Scheduler;

class Runnable {
 public:
  enum class Next : uint8_t {
    kAgain,  // behind the others that are ready
    kWait,   // for a wake()
  };

  Runnable() = default;
  virtual ~Runnable() = default;
  Runnable(const Runnable&) = delete;
  Runnable& operator=(const Runnable&) = delete;

  // A piece of work of a few milliseconds at most.
  virtual Next run() = 0;

  enum class State : uint8_t { kIdle, kReady, kRunning, kRunningWoken, kRemoved };
  State schedule = State::kIdle;  // the scheduler's, under its mutex
};

class Scheduler {
 public:
  explicit Scheduler(int threads);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void wake(Runnable& runnable);
  // It runs no more when this returns, whoever wakes it. Not from a step of its own.
  void remove(Runnable& runnable);
  int threads() const { return static_cast<int>(threads_.size()); }

 private:
  void run_thread();

  std::mutex mutex_;
  std::condition_variable ready_changed_;
  std::condition_variable step_ended_;
  std::deque<Runnable*> ready_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace dataflow::engine
