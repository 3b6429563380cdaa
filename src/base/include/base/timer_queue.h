// Callbacks at given moments of an Env's monotonic clock.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/env.h"

namespace dataflow {

enum class TimerId : uint64_t {};  // never given out twice; 0 is none

// Safe to use from several threads and from its own callbacks. Callbacks run one after the other,
// in the order of their moments (and of scheduling where these are equal), so they must be short:
// hand work on to a Worker or an executor. A callback that throws ends the process.
//
// With start() one thread of its own runs what is due, which needs an Env whose clock really runs.
// Without, run_due() does, in the thread that calls it; so tests turn the clock and then call that.
class TimerQueue {
 public:
  using Callback = std::function<void()>;

  explicit TimerQueue(Env& env) : env_(env) {}
  ~TimerQueue() { stop(); }
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  void start();
  // No callback begins after this returns, and what was scheduled is dropped. Not from a callback.
  void stop();

  // After stop() nothing is scheduled and the id is 0.
  TimerId schedule_at(int64_t monotonic_nanos, Callback callback);
  TimerId schedule_after(int64_t nanos, Callback callback) {
    return schedule_at(env_.monotonic_nanos() + nanos, std::move(callback));
  }
  // True if the callback was dropped and will not run; false if it ran, runs now or was unknown.
  bool cancel(TimerId id);

  // Runs what is due by now, including what a callback schedules for no later than this moment.
  // Returns how many ran.
  size_t run_due();
  size_t pending() const;

 private:
  using Key = std::pair<int64_t, TimerId>;

  void run_thread();
  // Takes out the first callback that is due by `now`; null if there is none.
  Callback take_due(int64_t now);

  Env& env_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, Callback> timers_;
  std::unordered_map<TimerId, int64_t> moments_;
  uint64_t last_id_ = 0;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace dataflow
