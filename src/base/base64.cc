#include "base/base64.h"

#include <array>
#include <cstdint>

namespace dataflow {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> make_values() {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 64; ++i) {
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<int8_t>(i);
  }
  return values;
}
constexpr auto kValues = make_values();

}  // namespace

char* encode_base64(std::string_view bytes, char* out) {
  const auto byte = [&](size_t i) -> uint32_t {
    return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0;
  };
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    *out++ = kAlphabet[three >> 18];
    *out++ = kAlphabet[three >> 12 & 63];
    *out++ = i + 1 < bytes.size() ? kAlphabet[three >> 6 & 63] : '=';
    *out++ = i + 2 < bytes.size() ? kAlphabet[three & 63] : '=';
  }
  return out;
}

char* decode_base64(std::string_view text, char* out) {
  for (int i = 0; i < 2 && text.size() % 4 == 0 && text.ends_with('='); ++i) {
    // The second one only behind the first: the size is no multiple of 4 any more.
    text.remove_suffix(text.size() > 1 && text[text.size() - 2] == '=' ? 2 : 1);
  }
  if (text.size() % 4 == 1) return nullptr;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int value = kValues[static_cast<uint8_t>(c)];
    if (value < 0) return nullptr;
    bits = bits << 6 | static_cast<uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      *out++ = static_cast<char>(bits >> held);
    }
  }
  return out;
}

}  // namespace dataflow
