#include "wire/reader.h"

#include <array>

namespace dataflow::wire {

Status Reader::expect_end() const {
  if (at_ == end_) return {};
  return Status::corrupt("decoding a frame: " + std::to_string(remaining()) +
                         " bytes are left over behind the message, at byte " +
                         std::to_string(position()) +
                         "; the sender encoded another version than it named");
}

bool Reader::read_uuid(Uuid& out) {
  if (remaining() < Uuid::kSize) return fail_short(Uuid::kSize);
  std::array<uint8_t, Uuid::kSize> bytes;
  std::memcpy(bytes.data(), at_, bytes.size());
  at_ += bytes.size();
  out = Uuid(bytes);
  return true;
}

bool Reader::read_long_varuint(uint32_t& out) {
  constexpr int kMaxBytes = 5;
  uint64_t value = 0;
  for (int i = 0; i < kMaxBytes; ++i) {
    if (at_ == end_) return fail_short(1);
    uint8_t byte = static_cast<uint8_t>(*at_++);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      if (value > UINT32_MAX) break;
      out = static_cast<uint32_t>(value);
      return true;
    }
  }
  return fail(Problem::kLongVaruint, 0);
}

bool Reader::read_nullable_count(size_t& count, bool& null, bool flexible, bool null_allowed,
                                 size_t wire_size, size_t memory_size) {
  int64_t length;
  if (!read_length(length, flexible, null_allowed)) return false;
  null = length < 0;
  count = null ? 0 : static_cast<size_t>(length);
  if (count > remaining() / wire_size) return fail_short(count * wire_size);
  if (count > array_memory_ / memory_size) return fail(Problem::kArrayMemory, length);
  array_memory_ -= count * memory_size;
  return true;
}

bool Reader::open_tag(Tag& tag) {
  uint32_t size;
  if (!read_varuint(tag.number) || !read_varuint(size)) return false;
  if (size > remaining()) return fail_short(size);
  tag.outer_end = end_;
  end_ = at_ + size;
  return true;
}

bool Reader::close_tag(const Tag& tag) {
  if (at_ != end_) return fail(Problem::kTagSize, tag.number);
  end_ = tag.outer_end;
  return true;
}

bool Reader::skip_some_tags() {
  uint32_t count;
  if (!read_tag_count(count)) return false;
  for (; count > 0; --count) {
    Tag tag;
    if (!open_tag(tag)) return false;
    skip_tag();
    if (!close_tag(tag)) return false;
  }
  return true;
}

bool Reader::fail_at(const char* field) {
  field_ = field;
  return false;
}

std::string Reader::problem_words() const {
  std::string amount = std::to_string(amount_);
  switch (problem_) {
    case Problem::kNone: return "no problem was found";
    case Problem::kShort:
      return "needs " + amount + " bytes, but only " + std::to_string(remaining()) + " are left";
    case Problem::kNegativeLength: return "has the length " + amount;
    case Problem::kNull: return "is null, which this version does not allow";
    case Problem::kLongVaruint: return "has a varint of more than 32 bits";
    case Problem::kArrayMemory:
      return "has " + amount + " elements, which is over the memory allowed for one message";
    case Problem::kTagSize:
      return "(tag " + amount + ") ends " + std::to_string(remaining()) +
             " bytes before its declared size";
  }
  return "is damaged";
}

Status Reader::error(std::string_view message, int16_t version) const {
  return Status::corrupt("decoding " + std::string(message) + " version " +
                         std::to_string(version) + ": field " + field_ + " " + problem_words() +
                         " (at byte " + std::to_string(position()) + ")");
}

Status Reader::unknown_version(std::string_view message, int16_t version, int16_t first,
                               int16_t last) {
  return Status::unsupported("decoding " + std::string(message) + ": version " +
                             std::to_string(version) +
                             " is not one of those spoken here, which are " +
                             std::to_string(first) + " to " + std::to_string(last));
}

}  // namespace dataflow::wire
