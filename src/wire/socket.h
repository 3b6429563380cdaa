// A TCP connection whose every wait ends at a deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/status.h"

namespace dataflow::wire {

// A point on the Env's monotonic clock.
class Deadline {
 public:
  Deadline(Env& env, std::chrono::milliseconds timeout)
      : env_(&env), at_(env.monotonic_nanos() + std::chrono::nanoseconds(timeout).count()) {}
  // For poll(): 0 when it has passed, rounded up otherwise.
  int remaining_millis() const;

 private:
  Env* env_;
  int64_t at_;
};

class Socket {
 public:
  Socket() = default;
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;

  // Tries the host's addresses one after the other.
  static Result<Socket> connect(const std::string& host, uint16_t port, const Deadline& deadline);

  int descriptor() const { return fd_; }
  Status send_all(std::string_view bytes, const Deadline& deadline);
  // At least one byte and at most out.size(); kTimedOut when none came, kUnavailable when the peer
  // closed.
  Result<size_t> receive_some(std::span<char> out, const Deadline& deadline);

 private:
  explicit Socket(int fd) : fd_(fd) {}
  // Waits for POLLIN or POLLOUT.
  Status wait(short events, const Deadline& deadline) const;

  int fd_ = -1;
};

}  // namespace dataflow::wire
