// Characters (code points) of UTF-8 text. Bytes that are no UTF-8 count as one character each or
// join the one before; nothing reads outside of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dataflow::expr {

// How many bytes from the start are valid UTF-8.
size_t valid_utf8_prefix(std::string_view text);

inline bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

inline size_t utf8_length(std::string_view text) {
  size_t n = 0;
  for (char c : text) n += continues_character(c) ? 0 : 1;
  return n;
}

// The byte at which character `index` begins; text.size() if there are fewer.
size_t utf8_offset(std::string_view text, size_t index);

// `count` characters from character `from` on (0 is the first).
std::string_view utf8_substring(std::string_view text, size_t from, size_t count);

// The bytes of the character at the front, at least 1 of a text that is not empty.
size_t first_character_bytes(std::string_view text);

// The code point of a whole character, and the other way.
uint32_t code_point(std::string_view character);
void append_utf8(std::string& out, uint32_t code_point);

// Bytes as a text: what is no UTF-8 becomes the replacement character, as in Java.
void append_mended_utf8(std::string& out, std::string_view bytes);

}  // namespace dataflow::expr
