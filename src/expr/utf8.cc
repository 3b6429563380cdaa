#include "utf8.h"

#include <algorithm>

namespace dataflow::expr {

namespace {

// The length that a first byte announces; 0 if it cannot be one.
size_t announced_bytes(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

}  // namespace

size_t valid_utf8_prefix(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    auto first = static_cast<unsigned char>(text[at]);
    size_t n = announced_bytes(first);
    if (n == 0 || at + n > text.size()) return at;
    for (size_t i = 1; i < n; ++i) {
      if (!continues_character(text[at + i])) return at;
    }
    if (n > 1) {
      auto second = static_cast<unsigned char>(text[at + 1]);
      bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
      bool surrogate = first == 0xED && second >= 0xA0;
      bool beyond = first == 0xF4 && second >= 0x90;
      if (overlong || surrogate || beyond) return at;
    }
    at += n;
  }
  return at;
}

size_t utf8_offset(std::string_view text, size_t index) {
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (continues_character(text[i])) continue;
    if (seen == index) return i;
    ++seen;
  }
  return text.size();
}

std::string_view utf8_substring(std::string_view text, size_t from, size_t count) {
  text.remove_prefix(utf8_offset(text, from));
  return text.substr(0, utf8_offset(text, count));
}

size_t first_character_bytes(std::string_view text) {
  size_t n = text.empty() ? 0 : 1;
  while (n < text.size() && continues_character(text[n])) ++n;
  return n;
}

uint32_t code_point(std::string_view character) {
  if (character.empty()) return 0;
  auto first = static_cast<unsigned char>(character[0]);
  size_t n = announced_bytes(first);
  if (n <= 1 || n > character.size()) return first;
  uint32_t point = first & (0xFFu >> (n + 1));
  for (size_t i = 1; i < n; ++i) {
    point = point << 6 | (static_cast<unsigned char>(character[i]) & 0x3Fu);
  }
  return point;
}

void append_utf8(std::string& out, uint32_t point) {
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xC0 | point >> 6));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | point >> 12));
    out.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | point >> 18));
    out.push_back(static_cast<char>(0x80 | (point >> 12 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  }
}

void append_mended_utf8(std::string& out, std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t valid = valid_utf8_prefix(bytes);
    out.append(bytes.substr(0, valid));
    bytes.remove_prefix(valid);
    if (bytes.empty()) return;
    append_utf8(out, 0xFFFD);
    bytes.remove_prefix(1);
    while (!bytes.empty() && continues_character(bytes[0])) bytes.remove_prefix(1);
  }
}

}  // namespace dataflow::expr
