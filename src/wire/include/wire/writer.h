// Writer: the growing buffer that messages are encoded into. Numbers travel big-endian; in the
// flexible form lengths are varints of the length plus one, and a struct ends with its tagged
// fields.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "base/uuid.h"
#include "wire/error_code.h"
#include "wire/records.h"

namespace dataflow::wire {

// `size` bytes from elsewhere belong at `position` of the buffer, between what stands before and
// after.
struct ExternalMark {
  size_t position = 0;
  uint64_t size = 0;
};

// A value that the format cannot hold (a string over 32767 bytes in an old version, a frame over 2
// GiB) makes the writer fail for good: status() names it, and the bytes must not be sent.
class Writer {
 public:
  // Where a frame's length goes once it is known.
  struct FrameStart {
    size_t position = 0;
    uint64_t external_before = 0;
  };

  Writer() = default;
  explicit Writer(size_t capacity) { reserve(capacity); }
  Writer(Writer&& other) noexcept { *this = std::move(other); }
  Writer& operator=(Writer&& other) noexcept;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // What was written, without the external bytes. Valid until the next write.
  std::string_view view() const { return {data_.get(), size_}; }
  size_t size() const { return size_; }
  // With the external bytes.
  uint64_t total_size() const { return size_ + external_size_; }
  // In the order of their positions.
  std::span<const ExternalMark> external_marks() const { return external_marks_; }
  const Status& status() const { return status_; }
  // Empties the buffer and forgets a failure; keeps the memory.
  void clear();
  void reserve(size_t capacity) {
    if (capacity > capacity_) reallocate(capacity);
  }
  // Only the first failure is kept.
  void fail(std::string problem);

  // A frame: four bytes of length, then what is written until end_frame, external bytes counted.
  FrameStart begin_frame();
  void end_frame(FrameStart start);

  void write_bool(bool value) { *grow(1) = value ? 1 : 0; }
  void write_int8(int8_t value) { *grow(1) = static_cast<char>(value); }
  void write_int16(int16_t value) { store_be16(grow(2), static_cast<uint16_t>(value)); }
  void write_uint16(uint16_t value) { store_be16(grow(2), value); }
  void write_int32(int32_t value) { store_be32(grow(4), static_cast<uint32_t>(value)); }
  void write_int64(int64_t value) { store_be64(grow(8), static_cast<uint64_t>(value)); }
  void write_float64(double value) { store_be64(grow(8), std::bit_cast<uint64_t>(value)); }
  void write_error(ErrorCode value) { write_int16(static_cast<int16_t>(value)); }
  void write_uuid(const Uuid& value) {
    std::memcpy(grow(Uuid::kSize), value.bytes().data(), Uuid::kSize);
  }
  void write_raw(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(grow(bytes.size()), bytes.data(), bytes.size());
  }

  void write_varuint(uint64_t value) {
    if (value < 0x80) [[likely]] {
      *grow(1) = static_cast<char>(value);
      return;
    }
    char encoded[10];
    size_t length = 0;
    for (; value >= 0x80; value >>= 7) encoded[length++] = static_cast<char>(value | 0x80);
    encoded[length++] = static_cast<char>(value);
    std::memcpy(grow(length), encoded, length);
  }

  void write_string(std::string_view text, bool flexible) {
    if (flexible) {
      write_varuint(text.size() + 1);
    } else if (text.size() <= kMaxShortString) [[likely]] {
      write_int16(static_cast<int16_t>(text.size()));
    } else {
      fail_long_string(text.size());
      return;
    }
    write_raw(text);
  }
  void write_null_string(bool flexible) {
    if (flexible) {
      write_varuint(0);
    } else {
      write_int16(-1);
    }
  }
  // Null where the version knows no null is written as empty.
  void write_nullable_string(const std::optional<std::string>& text, bool flexible,
                             bool null_allowed) {
    if (text || !null_allowed) {
      write_string(text ? std::string_view(*text) : std::string_view(), flexible);
    } else {
      write_null_string(flexible);
    }
  }

  // The length in front of bytes, records and arrays.
  void write_length(uint64_t length, bool flexible) {
    if (length > kMaxLength) [[unlikely]]
      fail_length(length);
    if (flexible) {
      write_varuint(length + 1);
    } else {
      write_int32(static_cast<int32_t>(length));
    }
  }
  void write_null_length(bool flexible) {
    if (flexible) {
      write_varuint(0);
    } else {
      write_int32(-1);
    }
  }
  void write_bytes(std::string_view bytes, bool flexible) {
    write_length(bytes.size(), flexible);
    write_raw(bytes);
  }
  void write_nullable_bytes(const std::optional<std::string>& bytes, bool flexible,
                            bool null_allowed) {
    if (bytes || !null_allowed) {
      write_bytes(bytes ? std::string_view(*bytes) : std::string_view(), flexible);
    } else {
      write_null_length(flexible);
    }
  }
  void write_records(const RecordsField& records, bool flexible, bool null_allowed) {
    if (records.external) {
      write_length(records.external_size, flexible);
      if (records.external_size > 0) mark_external(records.external_size);
    } else if (records.bytes || !null_allowed) {
      write_bytes(records.bytes.value_or(std::string_view()), flexible);
    } else {
      write_null_length(flexible);
    }
  }

  // A tagged field: its number, its size, and what is written until end_tag. Holds no external
  // bytes.
  size_t begin_tag(uint32_t number) {
    write_varuint(number);
    grow(1);  // the size, which fits one byte in nearly every case; end_tag makes room where not
    return size_;
  }
  void end_tag(size_t start);

 private:
  static constexpr uint64_t kMaxLength = std::numeric_limits<int32_t>::max();
  static constexpr size_t kMaxShortString = std::numeric_limits<int16_t>::max();

  // `count` more bytes, not initialised.
  char* grow(size_t count) {
    if (capacity_ - size_ < count) [[unlikely]] {
      reallocate(std::max(size_ + count, capacity_ * 2));
    }
    char* at = data_.get() + size_;
    size_ += count;
    return at;
  }
  void reallocate(size_t capacity);
  void mark_external(uint64_t size);
  void fail_long_string(size_t size);
  void fail_length(uint64_t length);

  std::unique_ptr<char[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  uint64_t external_size_ = 0;
  std::vector<ExternalMark> external_marks_;
  Status status_;
};

}  // namespace dataflow::wire
