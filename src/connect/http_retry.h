// When the HTTP sink sends again, and when it holds its breath. No clock and no socket in here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace dataflow::connect {

enum class HttpOutcome : uint8_t {
  kTaken,    // 2xx
  kAgain,    // may go well later: no answer, 408, 425, 429, 5xx
  kRefused,  // never will
};
HttpOutcome outcome_of(int status);

// The wait before the try behind `failures` failed ones: doubled each time, up to `most_ms`, and
// between a half and the whole of that.
int64_t backoff_ms(int failures, int64_t first_ms, int64_t most_ms, uint64_t random);

// Of one address. After so many failures in a row nobody sends there for a while; then one try is
// let through, and its outcome decides. Safe from several threads.
class CircuitBreaker {
 public:
  static constexpr int kFailures = 5;
  static constexpr int64_t kPauseMs = 5000;

  // 0: send now; else how long to wait before asking again.
  int64_t wait_ms(int64_t now_ms);
  void on_outcome(bool good, int64_t now_ms);

 private:
  std::mutex mutex_;
  int failures_ = 0;
  std::optional<int64_t> closed_until_;
};

// The breakers of all sinks of a process, by address; they outlive jobs.
class CircuitBreakers {
 public:
  std::shared_ptr<CircuitBreaker> of(const std::string& authority);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<CircuitBreaker>> breakers_;
};

}  // namespace dataflow::connect
