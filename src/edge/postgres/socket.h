// Sockets: the one that listens, and those of clients.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "wire.h"

namespace dataflow::postgres {

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int get() const { return number_; }

 private:
  int number_;
};

// Bound and listening, without blocking.
Result<Descriptor> listen_on(const std::string& host, uint16_t port);
Result<uint16_t> port_of(const Descriptor& socket);

// Blocks; a client that has not begun a session in that time is as one that has gone.
class SocketWire final : public Wire {
 public:
  SocketWire(Descriptor socket, int64_t login_timeout_ms);

  Result<size_t> read(std::span<char> out) override;
  bool has_more_within(int64_t wait_ms) override;
  Status write(std::string_view bytes) override;
  void session_began() override;

  const Descriptor& socket() const { return socket_; }
  // From any thread: whoever reads or writes finds the end.
  void shut_down();

 private:
  int descriptor() const { return socket_.get(); }

  const Descriptor socket_;
  std::optional<std::chrono::steady_clock::time_point> login_by_;
};

}  // namespace dataflow::postgres
