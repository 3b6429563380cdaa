#include "json_scalars.h"

#include <charconv>
#include <cstring>
#include <string>

#include "json_tokens.h"

namespace dataflow::format {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101ULL;

// Copies a string's inside, eight bytes at a time: both sides have room for it. False if there is
// an escape in it.
bool copy_plain(const char* from, size_t size, char* to) {
  for (size_t i = 0; i < size; i += 8) {
    uint64_t word;
    std::memcpy(&word, from + i, 8);
    std::memcpy(to + i, &word, 8);
    const uint64_t difference = word ^ (kOnes * '\\');
    // Bytes behind the end may be anything: an escape seen there is found not to be one below.
    if (((difference - kOnes) & ~difference & (kOnes << 7)) != 0) {
      if (std::memchr(from + i, '\\', size - i < 8 ? size - i : 8) != nullptr) return false;
    }
  }
  return true;
}

// 5.0, 1e3, or nineteen digits: whether the number is a whole one, to the last digit.
bool whole_in_disguise(std::string_view text, int64_t& value) {
  constexpr int64_t kMostDigits = 19;
  std::string digits;
  int64_t fraction = 0;  // digits behind the point, less the exponent
  bool behind = false;
  size_t at = 0;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    if (text[at] == '.') behind = true;
    if (text[at] < '0' || text[at] > '9') continue;
    if (!digits.empty() || text[at] != '0') digits += text[at];
    fraction += behind ? 1 : 0;
  }
  if (digits.empty()) return value = 0, true;
  if (at < text.size()) {
    const size_t from = at + (text[at + 1] == '+' ? 2 : 1);
    int32_t exponent = 0;
    const auto read = std::from_chars(text.data() + from, text.data() + text.size(), exponent);
    if (read.ec != std::errc()) return false;
    fraction -= exponent;
  }
  for (; fraction > 0 && digits.ends_with('0'); --fraction) digits.pop_back();
  if (fraction > 0 || std::ssize(digits) - fraction > kMostDigits) return false;
  digits.append(static_cast<size_t>(-fraction), '0');
  if (text.starts_with('-')) digits.insert(0, 1, '-');
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return read.ec == std::errc();
}

bool read_double(std::string_view text, const JsonNumber& number, double& value) {
  if (exact_double(number, value)) return true;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc::result_out_of_range;
}

}  // namespace

bool JsonScalars::read_word(JsonNode& node, std::string_view word) {
  const TypeId id = node.column->type().id();
  if (word == "null") {
    // A JSON column has SQL's NULL for it, as every other one.
    if (!node.nullable) return refuse("null was found, the field is NOT NULL");
    node.column->append_null();
    return true;
  }
  const bool yes = word == "true";
  if (!yes && word != "false") return refuse(excerpt(word) + " was found, a value is expected");
  if (id == TypeId::kBoolean) {
    node.column->append_bool(yes);
    return true;
  }
  if (id == TypeId::kString || id == TypeId::kJson) return append_raw(node, word);
  return refuse(found_but_expected(word, node.column->type()));
}

bool JsonScalars::read_string(JsonNode& node, std::string_view token) {
  const std::string_view inside = token.substr(1, token.size() - 2);
  const TypeId id = node.column->type().id();
  if (id == TypeId::kString) return append_string(node, inside);
  if (id == TypeId::kJson) {
    scratch_.resize(inside.size());
    if (unescape_json(inside, scratch_.data()) == nullptr) {
      return refuse(excerpt(token) + " has a wrong escape");
    }
    return append_raw(node, token);
  }
  if (node.column->type().is_nested()) {
    return refuse(found_but_expected(token, node.column->type()));
  }
  std::string_view text = inside;
  return plain_text(text) && read_plain(node, text);
}

// Without its escapes, which are rare here.
bool JsonScalars::plain_text(std::string_view& text) {
  if (text.find('\\') == std::string_view::npos) return true;
  scratch_.resize(text.size());
  const char* const end = unescape_json(text, scratch_.data());
  if (end == nullptr) return refuse(excerpt(text) + " has a wrong escape");
  text = std::string_view(scratch_.data(), static_cast<size_t>(end - scratch_.data()));
  return true;
}

bool JsonScalars::append_string(JsonNode& node, std::string_view inside) {
  // With room for the whole words that copy_plain() writes.
  char* const out = node.column->text_room(static_cast<int64_t>(inside.size()) + 8);
  if (out == nullptr) return refuse("the batch holds too much text");
  if (copy_plain(inside.data(), inside.size(), out)) {
    node.column->append_written(static_cast<int64_t>(inside.size()));
    return true;
  }
  const char* const end = unescape_json(inside, out);
  if (end == nullptr) return refuse(excerpt(inside) + " has a wrong escape");
  node.column->append_written(end - out);
  return true;
}

bool JsonScalars::read_number(JsonNode& node, std::string_view text) {
  JsonNumber number;
  const char* const end = text.data() + text.size();
  if (!read_json_number(text.data(), end, number) || number.end != end) {
    return refuse(excerpt(text) + " is no number");
  }
  return read_number(node, text, number);
}

bool JsonScalars::read_number(JsonNode& node, std::string_view text, const JsonNumber& number) {
  ColumnBuffer& column = *node.column;
  switch (column.type().id()) {
    case TypeId::kFloat64:
    case TypeId::kFloat32: {
      double value = 0;
      if (read_double(text, number, value)) return append_float(value, text, column, reason_);
      return refuse(excerpt(text) + " is out of the range of " + column.type().to_string());
    }
    case TypeId::kString:
    case TypeId::kJson: return append_raw(node, text);
    case TypeId::kDecimal: return read_plain(node, text);
    case TypeId::kBoolean:
    case TypeId::kBytes:
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kRow:
    case TypeId::kNull: return refuse(found_but_expected(text, column.type()));
    default: break;
  }
  int64_t value = number.digits;
  if ((!number.exact || number.fraction > 0) && !whole_in_disguise(text, value)) {
    return refuse(found_but_expected(text, column.type()));
  }
  return append_epoch(value, style_, column, reason_);
}

}  // namespace dataflow::format
