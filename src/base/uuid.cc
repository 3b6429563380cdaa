#include "base/uuid.h"

namespace dataflow {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Dashes stand before these bytes.
constexpr bool dash_before(size_t byte) {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

}  // namespace

Uuid Uuid::random(Env& env) {
  Uuid id;
  env.fill_random({reinterpret_cast<char*>(id.bytes_.data()), kSize});
  // The version bits make it differ from both reserved values.
  id.bytes_[6] = static_cast<uint8_t>((id.bytes_[6] & 0x0f) | 0x40);
  id.bytes_[8] = static_cast<uint8_t>((id.bytes_[8] & 0x3f) | 0x80);
  // In base64 it must not begin with a dash, or command lines take it for a flag.
  if (id.bytes_[0] >> 2 == 62) id.bytes_[0] ^= 0x80;
  return id;
}

Result<Uuid> Uuid::parse(std::string_view text) {
  const bool dashed = text.size() == 36;
  if (!dashed && text.size() != 32) {
    return Status::invalid(
        "reading a UUID: expected 32 hexadecimal digits, with or without dashes");
  }
  Uuid id;
  size_t at = 0;
  for (size_t i = 0; i < kSize; ++i) {
    if (dashed && dash_before(i) && text[at++] != '-') {
      return Status::invalid("reading the UUID \"" + std::string(text) +
                             "\": a dash is not where it belongs (8-4-4-4-12 digits)");
    }
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) {
      return Status::invalid("reading the UUID \"" + std::string(text) +
                             "\": it has something else than hexadecimal digits");
    }
    id.bytes_[i] = static_cast<uint8_t>(high << 4 | low);
    at += 2;
  }
  return id;
}

std::string Uuid::to_string() const {
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < kSize; ++i) {
    if (dash_before(i)) text.push_back('-');
    text.push_back(kHexDigits[bytes_[i] >> 4]);
    text.push_back(kHexDigits[bytes_[i] & 0x0f]);
  }
  return text;
}

std::string Uuid::to_base64() const {
  std::string text;
  text.reserve(22);
  uint32_t pending = 0;
  int bits = 0;
  for (uint8_t byte : bytes_) {
    pending = pending << 8 | byte;
    for (bits += 8; bits >= 6; bits -= 6) text.push_back(kBase64Url[pending >> (bits - 6) & 63]);
  }
  text.push_back(kBase64Url[pending << (6 - bits) & 63]);
  return text;
}

}  // namespace dataflow
