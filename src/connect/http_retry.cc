#include "http_retry.h"

#include <algorithm>

namespace dataflow::connect {

HttpOutcome outcome_of(int status) {
  if (status >= 200 && status < 300) return HttpOutcome::kTaken;
  if (status >= 500 || status == 408 || status == 425 || status == 429) return HttpOutcome::kAgain;
  return HttpOutcome::kRefused;
}

int64_t backoff_ms(int failures, int64_t first_ms, int64_t most_ms, uint64_t random) {
  int64_t whole = std::min(first_ms, most_ms);
  for (int i = 1; i < failures && whole < most_ms; ++i) whole = std::min(whole * 2, most_ms);
  const int64_t half = whole / 2;
  return half + static_cast<int64_t>(random % static_cast<uint64_t>(whole - half + 1));
}

int64_t CircuitBreaker::wait_ms(int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  if (!closed_until_) return 0;
  if (now_ms < *closed_until_) return *closed_until_ - now_ms;
  // The others wait until this one's outcome is told; should it never be, one of them tries.
  closed_until_ = now_ms + kPauseMs;
  return 0;
}

void CircuitBreaker::on_outcome(bool good, int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  if (good) {
    failures_ = 0;
    closed_until_.reset();
    return;
  }
  if (++failures_ >= kFailures) closed_until_ = now_ms + kPauseMs;
}

std::shared_ptr<CircuitBreaker> CircuitBreakers::of(const std::string& authority) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<CircuitBreaker>& breaker = breakers_[authority];
  if (breaker == nullptr) breaker = std::make_shared<CircuitBreaker>();
  return breaker;
}

}  // namespace dataflow::connect
