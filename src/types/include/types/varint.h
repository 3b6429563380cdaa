// The variable-length integers of Kafka's records: zigzag, then 7 bits a byte, lowest first.
// "varint" carries 32 bits in at most 5 bytes, "varlong" 64 bits in at most 10.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

namespace dataflow {

inline constexpr size_t kMaxVarintBytes = 5;
inline constexpr size_t kMaxVarlongBytes = 10;

constexpr uint64_t zigzag_encode(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t zigzag_decode(uint64_t raw) {
  return static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1);
}

// The bytes that `value` takes; the same for varint and varlong.
constexpr size_t varlong_size(int64_t value) {
  return (static_cast<size_t>(std::bit_width(zigzag_encode(value) | 1)) + 6) / 7;
}
constexpr size_t varint_size(int32_t value) { return varlong_size(value); }

// Writes at `out` (room for kMaxVarlongBytes, or kMaxVarintBytes for a 32-bit value) and returns
// the position behind it.
inline char* write_varlong(char* out, int64_t value) {
  uint64_t raw = zigzag_encode(value);
  while (raw >= 0x80) {
    *out++ = static_cast<char>(raw | 0x80);
    raw >>= 7;
  }
  *out++ = static_cast<char>(raw);
  return out;
}
inline char* write_varint(char* out, int32_t value) { return write_varlong(out, value); }

inline void append_varlong(std::string& out, int64_t value) {
  char bytes[kMaxVarlongBytes];
  out.append(bytes, static_cast<size_t>(write_varlong(bytes, value) - bytes));
}
inline void append_varint(std::string& out, int32_t value) { append_varlong(out, value); }

// For values of three and more bytes; the readers below are the interface.
const char* read_long_varint(const char* in, const char* end, int32_t& value);
const char* read_long_varlong(const char* in, const char* end, int64_t& value);

// Reads one value from [in, end) and returns the position behind it; nullptr if the bytes end
// within it or it does not fit the type (then `value` is unspecified).
inline const char* read_varlong(const char* in, const char* end, int64_t& value) {
  if (in < end && static_cast<signed char>(in[0]) >= 0) [[likely]] {
    value = zigzag_decode(static_cast<unsigned char>(in[0]));
    return in + 1;
  }
  if (end - in >= 2 && static_cast<signed char>(in[1]) >= 0) {
    value = zigzag_decode((in[0] & 0x7fu) | static_cast<unsigned>(in[1]) << 7);
    return in + 2;
  }
  return read_long_varlong(in, end, value);
}
inline const char* read_varint(const char* in, const char* end, int32_t& value) {
  if (in < end && static_cast<signed char>(in[0]) >= 0) [[likely]] {
    value = static_cast<int32_t>(zigzag_decode(static_cast<unsigned char>(in[0])));
    return in + 1;
  }
  if (end - in >= 2 && static_cast<signed char>(in[1]) >= 0) {
    value =
        static_cast<int32_t>(zigzag_decode((in[0] & 0x7fu) | static_cast<unsigned>(in[1]) << 7));
    return in + 2;
  }
  return read_long_varint(in, end, value);
}

}  // namespace dataflow
