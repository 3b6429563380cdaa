// Fixed-width integers in a byte string, whatever the machine's own byte order and alignment.
// Nothing here checks a length: the caller has made sure that the bytes are there.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace dataflow {

// Bytes that somebody else owns. Arithmetic on its chars goes through uint8_t: char is signed here.
using ByteView = std::string_view;

namespace bytes_detail {

template <class Unsigned>
constexpr Unsigned swap_bytes(Unsigned value) {
  static_assert(std::is_unsigned_v<Unsigned>);
  if constexpr (sizeof value == 1) return value;
  if constexpr (sizeof value == 2) return __builtin_bswap16(value);
  if constexpr (sizeof value == 4) return __builtin_bswap32(value);
  if constexpr (sizeof value == 8) return __builtin_bswap64(value);
}

template <class Unsigned, std::endian order>
inline Unsigned load(const char* from) {
  Unsigned value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (order != std::endian::native) value = swap_bytes(value);
  return value;
}

template <class Unsigned, std::endian order>
inline void store(char* to, Unsigned value) {
  if constexpr (order != std::endian::native) value = swap_bytes(value);
  std::memcpy(to, &value, sizeof value);
}

template <class Unsigned, std::endian order>
inline void append(std::string& to, Unsigned value) {
  char raw[sizeof value];
  store<Unsigned, order>(raw, value);
  to.append(raw, sizeof raw);
}

}  // namespace bytes_detail

inline uint16_t load_be16(const char* from) {
  return bytes_detail::load<uint16_t, std::endian::big>(from);
}
inline uint32_t load_be32(const char* from) {
  return bytes_detail::load<uint32_t, std::endian::big>(from);
}
inline uint64_t load_be64(const char* from) {
  return bytes_detail::load<uint64_t, std::endian::big>(from);
}
inline uint16_t load_le16(const char* from) {
  return bytes_detail::load<uint16_t, std::endian::little>(from);
}
inline uint32_t load_le32(const char* from) {
  return bytes_detail::load<uint32_t, std::endian::little>(from);
}
inline uint64_t load_le64(const char* from) {
  return bytes_detail::load<uint64_t, std::endian::little>(from);
}
inline void store_be16(char* to, uint16_t value) {
  bytes_detail::store<uint16_t, std::endian::big>(to, value);
}
inline void store_be32(char* to, uint32_t value) {
  bytes_detail::store<uint32_t, std::endian::big>(to, value);
}
inline void store_be64(char* to, uint64_t value) {
  bytes_detail::store<uint64_t, std::endian::big>(to, value);
}
inline void store_le16(char* to, uint16_t value) {
  bytes_detail::store<uint16_t, std::endian::little>(to, value);
}
inline void store_le32(char* to, uint32_t value) {
  bytes_detail::store<uint32_t, std::endian::little>(to, value);
}
inline void store_le64(char* to, uint64_t value) {
  bytes_detail::store<uint64_t, std::endian::little>(to, value);
}
inline void append_be16(std::string& to, uint16_t value) {
  bytes_detail::append<uint16_t, std::endian::big>(to, value);
}
inline void append_be32(std::string& to, uint32_t value) {
  bytes_detail::append<uint32_t, std::endian::big>(to, value);
}
inline void append_be64(std::string& to, uint64_t value) {
  bytes_detail::append<uint64_t, std::endian::big>(to, value);
}
inline void append_le16(std::string& to, uint16_t value) {
  bytes_detail::append<uint16_t, std::endian::little>(to, value);
}
inline void append_le32(std::string& to, uint32_t value) {
  bytes_detail::append<uint32_t, std::endian::little>(to, value);
}
inline void append_le64(std::string& to, uint64_t value) {
  bytes_detail::append<uint64_t, std::endian::little>(to, value);
}

}  // namespace dataflow
