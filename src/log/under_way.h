// Counts what is under way, so that a stop can wait for it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace dataflow::log {

class UnderWay {
 public:
  // Under way until the last copy is gone. It may outlive this object.
  using Mark = std::shared_ptr<void>;

  Mark begin() {
    {
      const std::lock_guard lock(state_->mutex);
      ++state_->count;
    }
    return Mark(nullptr, [state = state_](void*) {
      const std::lock_guard lock(state->mutex);
      if (--state->count == 0) state->idle.notify_all();
    });
  }
  void wait_idle() {
    std::unique_lock lock(state_->mutex);
    state_->idle.wait(lock, [&] { return state_->count == 0; });
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable idle;
    size_t count = 0;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace dataflow::log
