#include "types/varint.h"

#include <limits>

namespace dataflow {
namespace {

// The raw value of at most `max_bytes` bytes. The bits of a tenth byte beyond 64 must be zero.
const char* read_raw(const char* in, const char* end, size_t max_bytes, uint64_t& raw) {
  raw = 0;
  for (size_t i = 0; i < max_bytes && in < end; ++i) {
    const auto byte = static_cast<uint8_t>(*in++);
    if (i == kMaxVarlongBytes - 1 && byte > 1) return nullptr;
    raw |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) return in;
  }
  return nullptr;
}

}  // namespace

const char* read_long_varint(const char* in, const char* end, int32_t& value) {
  uint64_t raw;
  in = read_raw(in, end, kMaxVarintBytes, raw);
  if (in == nullptr || raw > std::numeric_limits<uint32_t>::max()) return nullptr;
  value = static_cast<int32_t>(zigzag_decode(raw));
  return in;
}

const char* read_long_varlong(const char* in, const char* end, int64_t& value) {
  uint64_t raw;
  in = read_raw(in, end, kMaxVarlongBytes, raw);
  if (in == nullptr) return nullptr;
  value = zigzag_decode(raw);
  return in;
}

}  // namespace dataflow
