// TaskClock: how much of its time a task worked, had its outputs full, and had nothing to do.
#pragma once

#include <cstdint>
#include <mutex>

namespace dataflow::engine {

struct TaskTimes {
  int64_t busy_nanos = 0;
  int64_t blocked_nanos = 0;  // an output was full
  int64_t idle_nanos = 0;     // there was nothing to do
};

// Told by the thread that runs the task, and read by any. All moments are of one clock.
class TaskClock {
 public:
  enum class Then : uint8_t { kReady, kBlocked, kIdle, kOver };

  void step_begins(int64_t now);
  void step_ends(int64_t now, Then then);
  // With what has passed of the step or the wait at hand.
  TaskTimes read(int64_t now) const;

 private:
  enum class Phase : uint8_t { kReady, kBusy, kBlocked, kIdle };

  static void add(TaskTimes& times, Phase phase, int64_t nanos);

  mutable std::mutex mutex_;
  TaskTimes times_;  // of phases that are over
  Phase phase_ = Phase::kReady;
  int64_t since_ = 0;
};

}  // namespace dataflow::engine
