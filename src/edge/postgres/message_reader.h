// The frames of PostgreSQL's protocol: their lengths checked before memory is taken for them, and
// memory taken only as bytes arrive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "wire.h"

namespace dataflow::postgres {

struct Message {
  char type = 0;
  std::string_view payload;  // until the next call
};

inline constexpr size_t kMaxStartupBytes = 10'000;

// kCorrupt: what arrived is not of the protocol, and nothing behind it can be read. Other errors
// are the wire's.
class MessageReader {
 public:
  MessageReader(Wire& wire, size_t max_message_bytes)
      : wire_(wire), max_message_bytes_(max_message_bytes) {}

  // What has no type: the packets before a session is there. None: the client has gone.
  Result<std::optional<std::string_view>> startup();
  Result<std::optional<Message>> next();
  // Whether next() has nothing to go on with, and the client sends nothing for that time either.
  bool is_silent(int64_t wait_ms) const {
    return size() == given_ && !wire_.has_more_within(wait_ms);
  }
  // Whether the one behind has come, too, and is a message of that type without anything in it.
  bool next_is_empty(char type) const;

 private:
  // Whether so many bytes are there; false where the client's end comes first.
  Result<bool> fill(size_t bytes);
  size_t size() const { return to_ - from_; }
  const char* data() const { return buffer_.data() + from_; }
  void drop_given();

  Wire& wire_;
  const size_t max_message_bytes_;
  std::string buffer_;
  size_t from_ = 0, to_ = 0;  // what is there of it
  size_t given_ = 0;          // of that, what the last call has given out
};

}  // namespace dataflow::postgres
