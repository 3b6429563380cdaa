// hash64: one fast hash of bytes for the whole product. Its values are on disk (a key's key group
// follows from it), so it never changes; base/hash_test.cc holds it to known values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace dataflow {

namespace hash_detail {

inline constexpr uint64_t kSecretA = 0x9e3779b97f4a7c15ULL;
inline constexpr uint64_t kSecretB = 0xd1342543de82ef95ULL;
inline constexpr uint64_t kSecretC = 0xa0761d6478bd642fULL;

// Both halves of the 128-bit product, folded: each bit of the result depends on all bits of both.
inline uint64_t fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}
inline uint64_t load8(const char* from) {
  uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
inline uint64_t load4(const char* from) {
  uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace hash_detail

inline uint64_t hash64(uint64_t value) {
  using namespace hash_detail;
  return fold(value ^ kSecretA, kSecretB ^ (value >> 32));
}

inline uint64_t hash64(std::string_view bytes) {
  using namespace hash_detail;
  const char* at = bytes.data();
  size_t left = bytes.size();
  uint64_t state = kSecretC ^ fold(bytes.size() ^ kSecretA, kSecretB);
  for (; left > 16; at += 16, left -= 16) {
    state = fold(load8(at) ^ kSecretA, load8(at + 8) ^ state);
  }
  uint64_t a = 0;
  uint64_t b = 0;
  if (left >= 8) {
    a = load8(at);
    b = load8(at + left - 8);
  } else if (left >= 4) {
    a = load4(at);
    b = load4(at + left - 4);
  } else if (left > 0) {
    a = static_cast<uint64_t>(static_cast<uint8_t>(at[0])) << 16 |
        static_cast<uint64_t>(static_cast<uint8_t>(at[left / 2])) << 8 |
        static_cast<uint8_t>(at[left - 1]);
  }
  return fold(fold(a ^ kSecretB, b ^ state), kSecretC ^ bytes.size());
}

// Of two hashes in order.
inline uint64_t hash_combine(uint64_t a, uint64_t b) {
  return hash_detail::fold(a ^ hash_detail::kSecretA, b ^ hash_detail::kSecretC);
}

}  // namespace dataflow
