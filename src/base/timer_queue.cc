#include "base/timer_queue.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>

namespace dataflow {
namespace {

// Also bounds how long a clock that jumps ahead (a machine that slept) goes unnoticed.
constexpr int64_t kLongestWaitNanos = 1'000'000'000;

void run_callback(const TimerQueue::Callback& callback) noexcept { callback(); }

}  // namespace

void TimerQueue::start() {
  const std::lock_guard lock(mutex_);
  if (stopped_ || thread_.joinable()) return;
  thread_ = std::thread([this] { run_thread(); });
  pthread_setname_np(thread_.native_handle(), "timers");
}

void TimerQueue::stop() {
  std::map<Key, Callback> dropped;  // destroyed without the lock: a callback may own anything
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(timers_);
    moments_.clear();
    thread.swap(thread_);
  }
  changed_.notify_all();
  if (thread.joinable()) thread.join();
}

TimerId TimerQueue::schedule_at(int64_t monotonic_nanos, Callback callback) {
  bool is_first;
  TimerId id;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return TimerId{0};
    id = TimerId{++last_id_};
    moments_.emplace(id, monotonic_nanos);
    const auto added = timers_.emplace(Key(monotonic_nanos, id), std::move(callback)).first;
    is_first = added == timers_.begin();
  }
  if (is_first) changed_.notify_one();
  return id;
}

bool TimerQueue::cancel(TimerId id) {
  Callback dropped;
  const std::lock_guard lock(mutex_);
  const auto moment = moments_.find(id);
  if (moment == moments_.end()) return false;
  const auto timer = timers_.find(Key(moment->second, id));
  dropped = std::move(timer->second);
  timers_.erase(timer);
  moments_.erase(moment);
  return true;
}

TimerQueue::Callback TimerQueue::take_due(int64_t now) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || timers_.empty() || timers_.begin()->first.first > now) return nullptr;
  auto taken = timers_.extract(timers_.begin());
  moments_.erase(taken.key().second);
  return std::move(taken.mapped());
}

size_t TimerQueue::run_due() {
  const int64_t now = env_.monotonic_nanos();
  size_t ran = 0;
  while (const Callback callback = take_due(now)) {
    run_callback(callback);
    ++ran;
  }
  return ran;
}

size_t TimerQueue::pending() const {
  const std::lock_guard lock(mutex_);
  return timers_.size();
}

void TimerQueue::run_thread() {
  while (true) {
    run_due();
    std::unique_lock lock(mutex_);
    if (stopped_) return;
    int64_t wait = kLongestWaitNanos;
    if (!timers_.empty()) {
      wait = std::min(wait, timers_.begin()->first.first - env_.monotonic_nanos());
    }
    if (wait > 0) changed_.wait_for(lock, std::chrono::nanoseconds(wait));
  }
}

}  // namespace dataflow
