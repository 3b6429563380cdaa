// What a connection reads from and writes to. Plain TCP today; TLS goes in behind the same calls.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace dataflow::kafka {

enum class IoState : uint8_t {
  kDone,        // `bytes` were moved, perhaps fewer than asked for
  kWouldBlock,  // nothing now: wait
  kEnd,         // the peer has closed, or the file has ended
  kFailed,      // `error` is an errno value
};

struct IoOutcome {
  IoState state = IoState::kDone;
  size_t bytes = 0;
  int error = 0;
};

// Told on the connection's io thread.
class TransportEvents {
 public:
  virtual ~TransportEvents() = default;
  virtual void on_readable() = 0;
  virtual void on_writable() = 0;
};

// All calls on the connection's io thread; none of them blocks.
class Transport {
 public:
  virtual ~Transport() = default;

  virtual IoOutcome read(std::span<char> into) = 0;
  // `more`: further bytes follow at once, so that a short packet need not leave yet.
  virtual IoOutcome write(std::span<const iovec> parts, bool more) = 0;
  // False where bytes have to pass through memory (TLS); then send_file() is never called.
  virtual bool can_send_files() const = 0;
  virtual IoOutcome send_file(int descriptor, uint64_t position, size_t bytes) = 0;

  // Each is told once; the transport keeps `events` alive until then or until close().
  virtual void wait_readable(std::shared_ptr<TransportEvents> events) = 0;
  virtual void wait_writable(std::shared_ptr<TransportEvents> events) = 0;

  virtual void close() = 0;
};

}  // namespace dataflow::kafka
