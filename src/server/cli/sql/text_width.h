// How much room a text takes on a terminal, and texts made fit for it. All of this is about UTF-8;
// a byte that is none counts as U+FFFD.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dataflow::cli {

struct CodePoint {
  char32_t value = 0;
  size_t size = 0;  // in bytes, at least 1
};
// `at` is less than the text's size.
CodePoint code_point_at(std::string_view text, size_t at);

// Where the first byte stands that is none; npos: nowhere.
size_t first_not_utf8(std::string_view text);

// 0 of what stands on the character before it, 2 of wide ones, else 1.
size_t columns_of(char32_t value);
size_t columns_of(std::string_view text);

// Where the character behind (in front of) `at` ends (begins): with all that stands on it.
size_t next_character(std::string_view text, size_t at);
size_t character_before(std::string_view text, size_t at);

// On one line, and nothing in it drives the terminal: control characters as \n, \x1b, \u202e.
std::string on_one_line(std::string_view text);
// At most so many columns; where something is left out, `…` stands at the end.
std::string cut_to(std::string_view text, size_t columns);

}  // namespace dataflow::cli
