// The bytes of one client, in both directions: a socket, or what a test gives.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/status.h"

namespace dataflow::postgres {

class Wire {
 public:
  virtual ~Wire() = default;
  // Blocks until there are bytes; 0: the client will send no more.
  virtual Result<size_t> read(std::span<char> out) = 0;
  // Whether the client sends more, or ends, within that time.
  virtual bool has_more_within(int64_t /*wait_ms*/) { return true; }
  // All of it.
  virtual Status write(std::string_view bytes) = 0;
  // From here on the client may be silent for as long as it likes.
  virtual void session_began() {}
};

}  // namespace dataflow::postgres
