// Reader: takes a message apart, from bytes that nobody vouches for. Every length is checked
// against what remains before memory is taken, and the memory of arrays is bounded altogether.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"
#include "base/uuid.h"
#include "wire/error_code.h"
#include "wire/records.h"

namespace dataflow::wire {

// The read functions return false at the first thing that is wrong, after which only error() makes
// sense. They are the generated decoders' tools: `if (!in.read_int32(x)) return
// in.fail_at("Topic.x")`.
class Reader {
 public:
  // Array elements are larger in memory than on the wire; this bounds what one message may take.
  static constexpr size_t kDefaultArrayMemory = 64 << 20;

  // The bytes must outlive the reader and the records fields decoded from them.
  explicit Reader(std::string_view bytes, size_t array_memory = kDefaultArrayMemory)
      : begin_(bytes.data()),
        at_(begin_),
        end_(begin_ + bytes.size()),
        array_memory_(array_memory) {}

  size_t remaining() const { return static_cast<size_t>(end_ - at_); }
  size_t position() const { return static_cast<size_t>(at_ - begin_); }
  std::string_view rest() const { return {at_, remaining()}; }
  // A frame ends where its message ends; anything behind it is an error.
  Status expect_end() const;

  bool read_bool(bool& out) {
    int8_t raw;
    if (!read_int8(raw)) return false;
    out = raw != 0;
    return true;
  }
  bool read_int8(int8_t& out) {
    if (remaining() < 1) [[unlikely]]
      return fail_short(1);
    out = static_cast<int8_t>(*at_++);
    return true;
  }
  bool read_int16(int16_t& out) {
    if (remaining() < 2) [[unlikely]]
      return fail_short(2);
    out = static_cast<int16_t>(load_be16(at_));
    at_ += 2;
    return true;
  }
  bool read_uint16(uint16_t& out) {
    int16_t raw;
    if (!read_int16(raw)) return false;
    out = static_cast<uint16_t>(raw);
    return true;
  }
  bool read_int32(int32_t& out) {
    if (remaining() < 4) [[unlikely]]
      return fail_short(4);
    out = static_cast<int32_t>(load_be32(at_));
    at_ += 4;
    return true;
  }
  bool read_int64(int64_t& out) {
    if (remaining() < 8) [[unlikely]]
      return fail_short(8);
    out = static_cast<int64_t>(load_be64(at_));
    at_ += 8;
    return true;
  }
  bool read_float64(double& out) {
    int64_t raw;
    if (!read_int64(raw)) return false;
    out = std::bit_cast<double>(raw);
    return true;
  }
  bool read_error(ErrorCode& out) {
    int16_t raw;
    if (!read_int16(raw)) return false;
    out = static_cast<ErrorCode>(raw);
    return true;
  }
  bool read_uuid(Uuid& out);

  // At most five bytes, and no more than 32 bits in them.
  bool read_varuint(uint32_t& out) {
    if (at_ != end_ && static_cast<uint8_t>(*at_) < 0x80) [[likely]] {
      out = static_cast<uint8_t>(*at_++);
      return true;
    }
    return read_long_varuint(out);
  }

  bool read_string(std::string& out, bool flexible) {
    std::string_view view;
    bool null = false;
    if (!read_short_slice(view, null, flexible, false)) return false;
    out.assign(view);
    return true;
  }
  bool read_nullable_string(std::optional<std::string>& out, bool flexible, bool null_allowed) {
    std::string_view view;
    bool null = false;
    if (!read_short_slice(view, null, flexible, null_allowed)) return false;
    set_nullable(out, view, null);
    return true;
  }
  bool read_bytes(std::string& out, bool flexible) {
    std::string_view view;
    bool null = false;
    if (!read_slice(view, null, flexible, false)) return false;
    out.assign(view);
    return true;
  }
  bool read_nullable_bytes(std::optional<std::string>& out, bool flexible, bool null_allowed) {
    std::string_view view;
    bool null = false;
    if (!read_slice(view, null, flexible, null_allowed)) return false;
    set_nullable(out, view, null);
    return true;
  }
  bool read_records(RecordsField& out, bool flexible, bool null_allowed) {
    std::string_view view;
    bool null = false;
    if (!read_slice(view, null, flexible, null_allowed)) return false;
    out = RecordsField();
    if (!null) out.bytes = view;
    return true;
  }

  // An array's length, once it is sure that its elements can be there (each takes `wire_size` bytes
  // or more) and that they fit the memory left to arrays (each takes `memory_size`).
  bool read_count(size_t& count, bool flexible, size_t wire_size, size_t memory_size) {
    bool null = false;
    return read_nullable_count(count, null, flexible, false, wire_size, memory_size);
  }
  bool read_nullable_count(size_t& count, bool& null, bool flexible, bool null_allowed,
                           size_t wire_size, size_t memory_size);

  // Tagged fields: their number, then each one between open_tag and close_tag. close_tag refuses a
  // field that left bytes over; skip_tag steps over one that nobody knows.
  struct Tag {
    uint32_t number = 0;
    const char* outer_end = nullptr;
  };
  bool read_tag_count(uint32_t& count) { return read_varuint(count); }
  bool open_tag(Tag& tag);
  void skip_tag() { at_ = end_; }
  bool close_tag(const Tag& tag);
  // For structs without a known tagged field.
  bool skip_tags() {
    if (at_ != end_ && *at_ == 0) [[likely]] {
      ++at_;
      return true;
    }
    return skip_some_tags();
  }

  // Names the field that was being read; always false.
  bool fail_at(const char* field);
  // What went wrong, as kCorrupt.
  Status error(std::string_view message, int16_t version) const;
  // For a message that has no such version, as kUnsupported.
  static Status unknown_version(std::string_view message, int16_t version, int16_t first,
                                int16_t last);

 private:
  enum class Problem : uint8_t {
    kNone,
    kShort,
    kNegativeLength,
    kNull,
    kLongVaruint,
    kArrayMemory,
    kTagSize,
  };

  bool fail(Problem problem, int64_t amount) {
    problem_ = problem;
    amount_ = amount;
    return false;
  }
  bool fail_short(uint64_t wanted) { return fail(Problem::kShort, static_cast<int64_t>(wanted)); }
  // Refuses null and negative lengths; `length` is what both forms mean, -1 for null.
  bool check_length(int64_t length, bool null_allowed) {
    if (length >= 0 || (length == -1 && null_allowed)) [[likely]]
      return true;
    return fail(length == -1 ? Problem::kNull : Problem::kNegativeLength, length);
  }
  bool read_length(int64_t& length, bool flexible, bool null_allowed) {
    if (flexible) {
      uint32_t raw;
      if (!read_varuint(raw)) return false;
      length = static_cast<int64_t>(raw) - 1;
    } else {
      int32_t raw;
      if (!read_int32(raw)) return false;
      length = raw;
    }
    return check_length(length, null_allowed);
  }
  bool take(std::string_view& out, bool& null, int64_t length) {
    null = length < 0;
    if (null) return true;
    if (remaining() < static_cast<uint64_t>(length)) [[unlikely]] {
      return fail_short(static_cast<uint64_t>(length));
    }
    out = std::string_view(at_, static_cast<size_t>(length));
    at_ += length;
    return true;
  }
  bool read_slice(std::string_view& out, bool& null, bool flexible, bool null_allowed) {
    int64_t length;
    return read_length(length, flexible, null_allowed) && take(out, null, length);
  }
  bool read_short_slice(std::string_view& out, bool& null, bool flexible, bool null_allowed) {
    if (flexible) return read_slice(out, null, true, null_allowed);
    int16_t length;
    return read_int16(length) && check_length(length, null_allowed) && take(out, null, length);
  }
  static void set_nullable(std::optional<std::string>& out, std::string_view view, bool null) {
    if (null) {
      out.reset();
    } else {
      out.emplace(view);
    }
  }
  bool read_long_varuint(uint32_t& out);
  bool skip_some_tags();
  std::string problem_words() const;

  const char* begin_;
  const char* at_;
  const char* end_;  // of the tagged field that is being read, otherwise of all
  size_t array_memory_;
  const char* field_ = "";
  int64_t amount_ = 0;
  Problem problem_ = Problem::kNone;
};

}  // namespace dataflow::wire
