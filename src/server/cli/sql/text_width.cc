#include "cli/sql/text_width.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>

namespace dataflow::cli {
namespace {

struct Range {
  char32_t from;
  char32_t to;
};

// Marks that stand on the character before them, joiners, and what selects a variant.
constexpr Range kNone[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x05BF, 0x05BF},   {0x05C1, 0x05C2},
    {0x05C4, 0x05C5}, {0x05C7, 0x05C7}, {0x0610, 0x061A}, {0x064B, 0x065F},   {0x0670, 0x0670},
    {0x06D6, 0x06DC}, {0x06DF, 0x06E4}, {0x06E7, 0x06E8}, {0x06EA, 0x06ED},   {0x0711, 0x0711},
    {0x0730, 0x074A}, {0x07A6, 0x07B0}, {0x0816, 0x0819}, {0x08D3, 0x0902},   {0x093A, 0x093A},
    {0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D}, {0x0951, 0x0957},   {0x0962, 0x0963},
    {0x0981, 0x0981}, {0x09BC, 0x09BC}, {0x09C1, 0x09C4}, {0x09CD, 0x09CD},   {0x0A3C, 0x0A3C},
    {0x0A41, 0x0A51}, {0x0ABC, 0x0ABC}, {0x0AC1, 0x0AC8}, {0x0ACD, 0x0ACD},   {0x0B3C, 0x0B3C},
    {0x0BCD, 0x0BCD}, {0x0C4D, 0x0C4D}, {0x0CBC, 0x0CBC}, {0x0CCD, 0x0CCD},   {0x0D4D, 0x0D4D},
    {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x0EB1, 0x0EB1},   {0x0EB4, 0x0EBC},
    {0x0EC8, 0x0ECD}, {0x1160, 0x11FF}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},   {0x200B, 0x200F},
    {0x202A, 0x202E}, {0x2060, 0x2064}, {0x20D0, 0x20F0}, {0x302A, 0x302D},   {0x3099, 0x309A},
    {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0x1D167, 0x1D169}, {0xE0100, 0xE01EF},
};

// East Asian wide ones, and pictures.
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},
    {0x23F0, 0x23F0},   {0x23F3, 0x23F3},   {0x25FD, 0x25FE},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x267F, 0x267F},   {0x2693, 0x2693},   {0x26A1, 0x26A1},
    {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},   {0x26CE, 0x26CE},
    {0x26D4, 0x26D4},   {0x26EA, 0x26EA},   {0x26F2, 0x26F3},   {0x26F5, 0x26F5},
    {0x26FA, 0x26FA},   {0x26FD, 0x26FD},   {0x2705, 0x2705},   {0x270A, 0x270B},
    {0x2728, 0x2728},   {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27B0, 0x27B0},   {0x27BF, 0x27BF},
    {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2B55, 0x2B55},   {0x2E80, 0x303E},
    {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97C},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},
    {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18CFF}, {0x1AFF0, 0x1B2FB},
    {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A},
    {0x1F200, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C}, {0x1F37E, 0x1F393},
    {0x1F3A0, 0x1F3CA}, {0x1F3CF, 0x1F3D3}, {0x1F3E0, 0x1F3F0}, {0x1F3F4, 0x1F3F4},
    {0x1F3F8, 0x1F43E}, {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC}, {0x1F4FF, 0x1F53D},
    {0x1F54B, 0x1F54E}, {0x1F550, 0x1F567}, {0x1F57A, 0x1F57A}, {0x1F595, 0x1F596},
    {0x1F5A4, 0x1F5A4}, {0x1F5FB, 0x1F64F}, {0x1F680, 0x1F6C5}, {0x1F6CC, 0x1F6CC},
    {0x1F6D0, 0x1F6D2}, {0x1F6D5, 0x1F6D7}, {0x1F6DD, 0x1F6DF}, {0x1F6EB, 0x1F6EC},
    {0x1F6F4, 0x1F6FC}, {0x1F7E0, 0x1F7EB}, {0x1F7F0, 0x1F7F0}, {0x1F90C, 0x1F93A},
    {0x1F93C, 0x1F945}, {0x1F947, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

template <size_t kCount>
bool within(const Range (&ranges)[kCount], char32_t value) {
  const Range* at = std::upper_bound(std::begin(ranges), std::end(ranges), value,
                                     [](char32_t v, const Range& range) { return v < range.from; });
  return at != std::begin(ranges) && value <= std::prev(at)->to;
}

// Would drive the terminal, or turn around what stands behind it.
bool drives(char32_t value) {
  return value < 0x20 || (value >= 0x7F && value < 0xA0) || (value >= 0x202A && value <= 0x202E) ||
         (value >= 0x2066 && value <= 0x2069);
}

void append_code(std::string& out, char32_t value) {
  switch (value) {
    case '\n': out += "\\n"; return;
    case '\t': out += "\\t"; return;
    case '\r': out += "\\r"; return;
    default: break;
  }
  char code[12];
  std::snprintf(code, sizeof code, value < 0x100 ? "\\x%02x" : "\\u%04x",
                static_cast<unsigned>(value));
  out += code;
}

}  // namespace

CodePoint code_point_at(std::string_view text, size_t at) {
  constexpr CodePoint kBad{0xFFFD, 1};
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() - at < size) return kBad;
  char32_t value = first & (0xFF >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return kBad;
    value = (value << 6) | (byte(i) & 0x3F);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return kBad;
  return {value, size};
}

size_t first_not_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (point.value == 0xFFFD && point.size == 1) return at;
    at += point.size;
  }
  return std::string_view::npos;
}

size_t columns_of(char32_t value) {
  if (value < 0x300) return 1;
  if (within(kNone, value)) return 0;
  return within(kWide, value) ? 2 : 1;
}

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    columns += columns_of(point.value);
    at += point.size;
  }
  return columns;
}

size_t next_character(std::string_view text, size_t at) {
  if (at >= text.size()) return text.size();
  at += code_point_at(text, at).size;
  while (at < text.size()) {
    const CodePoint point = code_point_at(text, at);
    if (columns_of(point.value) != 0) break;
    at += point.size;
  }
  return at;
}

size_t character_before(std::string_view text, size_t at) {
  size_t from = std::min(at, text.size());
  while (from > 0) {
    --from;
    const size_t back = std::min<size_t>(from, 3);
    for (size_t i = back; i > 0; --i) {
      if (code_point_at(text, from - i).size == i + 1) {
        from -= i;
        break;
      }
    }
    if (columns_of(code_point_at(text, from).value) != 0) break;
  }
  return from;
}

std::string on_one_line(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (drives(point.value)) {
      append_code(out, point.value);
    } else if (point.value == 0xFFFD) {
      out += "\xEF\xBF\xBD";
    } else {
      out += text.substr(at, point.size);
    }
    at += point.size;
  }
  return out;
}

std::string cut_to(std::string_view text, size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  size_t used = 0;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = next_character(text, at);
    const size_t width = columns_of(text.substr(at, end - at));
    if (used + width > columns - 1) break;
    used += width;
    at = end;
  }
  return std::string(text.substr(0, at)) + "…";
}

}  // namespace dataflow::cli
