// A topic's identity: 128 bits that survive a topic of the same name being deleted and made again.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/status.h"

namespace dataflow {

class Uuid {
 public:
  static constexpr size_t kSize = 16;

  constexpr Uuid() = default;  // all zero: "no topic id"
  explicit Uuid(const std::array<uint8_t, kSize>& bytes) : bytes_(bytes) {}
  // Random (version 4); never one of Kafka's two reserved values (all zero, and zero with a last
  // 1).
  static Uuid random(Env& env);
  // From 32 hexadecimal digits with or without dashes, as to_string() prints them.
  static Result<Uuid> parse(std::string_view text);

  const std::array<uint8_t, kSize>& bytes() const { return bytes_; }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), kSize}; }
  bool is_zero() const { return *this == Uuid(); }
  std::string to_string() const;  // 8-4-4-4-12 hexadecimal
  std::string to_base64() const;  // 22 characters, URL alphabet, as Kafka's tools print ids
  friend auto operator<=>(const Uuid&, const Uuid&) = default;

 private:
  std::array<uint8_t, kSize> bytes_{};
};

}  // namespace dataflow

template <>
struct std::hash<dataflow::Uuid> {
  size_t operator()(const dataflow::Uuid& id) const noexcept {
    uint64_t word;
    std::memcpy(&word, id.bytes().data(), sizeof word);
    return std::hash<uint64_t>()(word);
  }
};
