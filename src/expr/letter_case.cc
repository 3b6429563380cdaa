#include "letter_case.h"

#include <algorithm>

#include "utf8.h"

namespace dataflow::expr {
namespace {

constexpr uint32_t kSigma = 0x3a3;
constexpr uint32_t kFinalSigma = 0x3c2;
constexpr uint32_t kDottedI = 0x130;
constexpr uint32_t kDotAbove = 0x307;

bool is_ascii(std::string_view text) {
  uint8_t all = 0;
  for (const char c : text) all |= static_cast<uint8_t>(c);
  return all < 0x80;
}

// The letter's other case; itself if it has none.
uint32_t other_case(std::span<const CaseRange> ranges, uint32_t letter) {
  const auto behind = std::ranges::upper_bound(ranges, letter, {}, &CaseRange::from);
  if (behind == ranges.begin()) return letter;
  const CaseRange& range = *(behind - 1);
  const bool is_in =
      letter <= range.to && (letter - range.from) % static_cast<uint32_t>(range.step) == 0;
  return is_in ? letter + static_cast<uint32_t>(range.delta) : letter;
}

// What has no other case stays as it is written, also what is no UTF-8.
void append_case(std::string& out, std::string_view written, uint32_t letter, uint32_t other) {
  if (letter == other) {
    out.append(written);
  } else {
    append_utf8(out, other);
  }
}

const LongCase* find_long(uint32_t letter) {
  const auto found = std::ranges::lower_bound(long_upper(), letter, {}, &LongCase::from);
  return found == long_upper().end() || found->from != letter ? nullptr : &*found;
}

bool has_case(uint32_t letter) {
  if (letter < 0x80) return (letter | 0x20) >= 'a' && (letter | 0x20) <= 'z';
  return other_case(upper_ranges(), letter) != letter ||
         other_case(lower_ranges(), letter) != letter || find_long(letter) != nullptr;
}

// What stands within a word and is no letter: marks above letters, apostrophes, points.
bool is_passed_over(uint32_t letter) {
  return letter == '\'' || letter == '.' || letter == ':' || letter == '^' || letter == '`' ||
         letter == 0xa8 || letter == 0xad || letter == 0xaf || letter == 0xb4 || letter == 0xb7 ||
         letter == 0x2019 || letter == 0x2018 || (letter >= 0x300 && letter <= 0x36f);
}

// Whether the letters that follow go on with the word.
bool goes_on(std::string_view rest) {
  while (!rest.empty()) {
    const size_t bytes = first_character_bytes(rest);
    const uint32_t letter = code_point(rest.substr(0, bytes));
    if (!is_passed_over(letter)) return has_case(letter);
    rest.remove_prefix(bytes);
  }
  return false;
}

}  // namespace

void append_upper(std::string& out, std::string_view text) {
  if (is_ascii(text)) {
    for (const char c : text) out.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    return;
  }
  while (!text.empty()) {
    const size_t bytes = first_character_bytes(text);
    const std::string_view written = text.substr(0, bytes);
    const uint32_t letter = code_point(written);
    text.remove_prefix(bytes);
    if (letter < 0x80) {
      out.push_back(static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 32 : letter));
    } else if (const LongCase* several = find_long(letter)) {
      for (const uint32_t each : several->to) {
        if (each != 0) append_utf8(out, each);
      }
    } else {
      append_case(out, written, letter, other_case(upper_ranges(), letter));
    }
  }
}

void append_lower(std::string& out, std::string_view text) {
  if (is_ascii(text)) {
    for (const char c : text) out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    return;
  }
  bool within = false;  // a word has begun
  while (!text.empty()) {
    const size_t bytes = first_character_bytes(text);
    const std::string_view written = text.substr(0, bytes);
    const uint32_t letter = code_point(written);
    text.remove_prefix(bytes);
    if (letter < 0x80) {
      out.push_back(static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter + 32 : letter));
    } else if (letter == kSigma && within && !goes_on(text)) {
      append_utf8(out, kFinalSigma);
    } else if (letter == kDottedI) {
      out.push_back('i');
      append_utf8(out, kDotAbove);
    } else {
      append_case(out, written, letter, other_case(lower_ranges(), letter));
    }
    if (!is_passed_over(letter)) within = has_case(letter);
  }
}

void append_folded(std::string& out, std::string_view text) {
  if (is_ascii(text)) return append_lower(out, text);
  while (!text.empty()) {
    const size_t bytes = first_character_bytes(text);
    const std::string_view written = text.substr(0, bytes);
    const uint32_t letter = code_point(written);
    text.remove_prefix(bytes);
    // The table begins behind ASCII, and ſ and K have their capital or small letter there.
    const auto small = [](uint32_t a) { return a >= 'A' && a <= 'Z' ? a + 32 : a; };
    const uint32_t upper = letter < 0x80 ? letter : other_case(upper_ranges(), letter);
    const uint32_t lower = upper < 0x80 ? small(upper) : other_case(lower_ranges(), upper);
    append_case(out, written, letter, lower);
  }
}

}  // namespace dataflow::expr
