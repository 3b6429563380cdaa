#include "task_clock.h"

namespace dataflow::engine {

void TaskClock::add(TaskTimes& times, Phase phase, int64_t nanos) {
  switch (phase) {
    case Phase::kReady: break;  // it waits for a thread
    case Phase::kBusy: times.busy_nanos += nanos; break;
    case Phase::kBlocked: times.blocked_nanos += nanos; break;
    case Phase::kIdle: times.idle_nanos += nanos; break;
  }
}

void TaskClock::step_begins(int64_t now) {
  const std::lock_guard lock(mutex_);
  add(times_, phase_, now - since_);
  phase_ = Phase::kBusy;
  since_ = now;
}

void TaskClock::step_ends(int64_t now, Then then) {
  const std::lock_guard lock(mutex_);
  add(times_, phase_, now - since_);
  phase_ = then == Then::kBlocked ? Phase::kBlocked
           : then == Then::kIdle  ? Phase::kIdle
                                  : Phase::kReady;
  since_ = now;
}

TaskTimes TaskClock::read(int64_t now) const {
  const std::lock_guard lock(mutex_);
  TaskTimes times = times_;
  if (now > since_) add(times, phase_, now - since_);
  return times;
}

}  // namespace dataflow::engine
