#include "message_reader.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace dataflow::postgres {
namespace {

constexpr size_t kReadBytes = 16 << 10;
constexpr size_t kKeptBytes = 1 << 20;  // a larger buffer is let go of when it is empty
constexpr size_t kLengthBytes = 4;

}  // namespace

void MessageReader::drop_given() {
  from_ += given_;
  given_ = 0;
  if (from_ != to_) return;
  from_ = to_ = 0;
  if (buffer_.size() > kKeptBytes) std::string().swap(buffer_);
}

Result<bool> MessageReader::fill(size_t bytes) {
  while (size() < bytes) {
    if (from_ > 0 && from_ + bytes > buffer_.size()) {
      std::memmove(buffer_.data(), buffer_.data() + from_, size());
      to_ -= from_;
      from_ = 0;
    }
    // What a length claims is not believed: the buffer doubles as bytes arrive.
    if (to_ == buffer_.size()) buffer_.resize(std::max(kReadBytes, 2 * buffer_.size()));
    DF_ASSIGN_OR_RETURN(const size_t read,
                        wire_.read({buffer_.data() + to_, buffer_.size() - to_}));
    if (read == 0) return false;
    to_ += read;
  }
  return true;
}

Result<std::optional<std::string_view>> MessageReader::startup() {
  drop_given();
  DF_ASSIGN_OR_RETURN(const bool begun, fill(kLengthBytes));
  if (!begun) return std::optional<std::string_view>();
  const size_t length = load_be32(data());
  if (length < 2 * kLengthBytes || length > kMaxStartupBytes) {
    return Status::corrupt("invalid length of startup packet");
  }
  DF_ASSIGN_OR_RETURN(const bool whole, fill(length));
  if (!whole) return Status::corrupt("incomplete startup packet");
  given_ = length;
  return std::optional(std::string_view(data() + kLengthBytes, length - kLengthBytes));
}

Result<std::optional<Message>> MessageReader::next() {
  drop_given();
  DF_ASSIGN_OR_RETURN(const bool begun, fill(1 + kLengthBytes));
  if (!begun) {
    if (size() == 0) return std::optional<Message>();
    return Status::corrupt("the connection ended within a message");
  }
  const char type = *data();
  const size_t length = load_be32(data() + 1);
  if (length < kLengthBytes || length > max_message_bytes_) {
    return Status::corrupt("invalid message length " + std::to_string(length) + ": from 4 to " +
                           std::to_string(max_message_bytes_) + " bytes are taken");
  }
  DF_ASSIGN_OR_RETURN(const bool whole, fill(1 + length));
  if (!whole) return Status::corrupt("the connection ended within a message");
  given_ = 1 + length;
  return std::optional(
      Message{type, std::string_view(data() + 1 + kLengthBytes, length - kLengthBytes)});
}

bool MessageReader::next_is_empty(char type) const {
  return size() >= given_ + 1 + kLengthBytes && data()[given_] == type &&
         load_be32(data() + given_ + 1) == kLengthBytes;
}

}  // namespace dataflow::postgres
