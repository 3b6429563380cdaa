#include "json_tokens.h"

#include <simdjson.h>

#include <bitset>

#include "text_value.h"

namespace dataflow::format {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Four hexadecimal digits, or -1.
int hex4(const char* at) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    const char lower = static_cast<char>(c | 0x20);
    int digit = 0;
    if (is_digit(c)) {
      digit = c - '0';
    } else if (lower >= 'a' && lower <= 'f') {
      digit = lower - 'a' + 10;
    } else {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

char* write_utf8(char* out, int code) {
  const auto put = [&](int byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 63));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 63));
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  }
  return out;
}

// Reads what stands behind "\u" and returns the position behind it; null if it is no character.
const char* read_unicode(const char* at, const char* end, int& code) {
  if (end - at < 4 || (code = hex4(at)) < 0) return nullptr;
  at += 4;
  if (code < 0xd800 || code > 0xdfff) return at;
  if (code > 0xdbff || end - at < 6 || at[0] != '\\' || at[1] != 'u') return nullptr;
  const int low = hex4(at + 2);
  if (low < 0xdc00 || low > 0xdfff) return nullptr;
  code = 0x10000 + (code - 0xd800) * 0x400 + (low - 0xdc00);
  return at + 6;
}

char escaped(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return '\0';
  }
}

}  // namespace

bool is_json_number(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto digits = [&] {
    const char* const begin = at;
    while (at < end && is_digit(*at)) ++at;
    return at > begin;
  };
  if (at < end && *at == '-') ++at;
  if (at < end && *at == '0') {
    ++at;
  } else if (!digits()) {
    return false;
  }
  if (at < end && *at == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at < end && (*at == '+' || *at == '-')) ++at;
    if (!digits()) return false;
  }
  return at == end;
}

char* unescape_json(std::string_view text, char* out) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    if (*at != '\\') {
      *out++ = *at++;
      continue;
    }
    if (++at == end) return nullptr;
    if (*at == 'u') {
      int code = 0;
      at = read_unicode(at + 1, end, code);
      if (at == nullptr) return nullptr;
      out = write_utf8(out, code);
      continue;
    }
    const char c = escaped(*at++);
    if (c == '\0') return nullptr;
    *out++ = c;
  }
  return out;
}

JsonTokens::JsonTokens() = default;
JsonTokens::~JsonTokens() = default;

bool JsonTokens::scan(std::string_view payload, std::string& reason) {
  next_ = end_ = nullptr;
  text_ = payload.data();
  size_ = static_cast<uint32_t>(payload.size());
  if (payload.empty()) {
    reason = "the payload is empty";
    return false;
  }
  if (payload.size() > simdjson::SIMDJSON_MAXSIZE_BYTES) {
    reason = "the payload is too large";
    return false;
  }
  if (scanner_ == nullptr || scanner_->capacity() < payload.size()) {
    const size_t capacity = std::max<size_t>(payload.size() * 2, 4096);
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity, kMaxJsonDepth, scanner_) != simdjson::SUCCESS) {
      reason = "there is no memory for the payload";
      return false;
    }
  }
  switch (scanner_->stage1(reinterpret_cast<const uint8_t*>(payload.data()), payload.size(),
                           simdjson::stage1_mode::regular)) {
    case simdjson::SUCCESS: break;
    case simdjson::EMPTY: reason = "the payload is empty"; return false;
    case simdjson::UTF8_ERROR: reason = "the payload is not UTF-8"; return false;
    case simdjson::UNCLOSED_STRING: reason = "a string does not end"; return false;
    case simdjson::UNESCAPED_CHARS:
      reason = "a string has a control character without an escape";
      return false;
    default: reason = "the payload is no JSON"; return false;
  }
  next_ = scanner_->structural_indexes.get();
  end_ = next_ + scanner_->n_structural_indexes;
  return true;
}

std::string JsonTokens::expected(std::string_view what) const {
  const std::string tail = " was found, " + std::string(what) + " is expected";
  if (next_ == end_) return "the end" + tail;
  const uint32_t behind = next_ + 1 == end_ ? size_ : *(next_ + 1);
  std::string_view token(text_ + *next_, behind - *next_);
  while (token.size() > 1 && is_space(token.back())) token.remove_suffix(1);
  return excerpt(token) + tail;
}

bool JsonTokens::skip_scalar(std::string& reason) {
  const char first = peek();
  if (first == '"') {
    const std::string_view text = take();
    if (text.find('\\') == std::string_view::npos) return true;
    scratch_.resize(text.size());
    if (unescape_json(text.substr(1, text.size() - 2), scratch_.data()) != nullptr) return true;
    reason = excerpt(text) + " has a wrong escape";
    return false;
  }
  if (first == 't' || first == 'f' || first == 'n' || first == '-' || is_digit(first)) {
    const std::string_view text = take();
    if (text == "true" || text == "false" || text == "null" || is_json_number(text)) return true;
    --next_;
  }
  reason = expected("a value");
  return false;
}

bool JsonTokens::skip_value(std::string& reason) {
  std::bitset<kMaxJsonDepth> is_object;
  size_t depth = 0;
  bool value_next = true;  // else what may stand behind one
  while (true) {
    if (value_next) {
      const char open = peek();
      if (open != '{' && open != '[') {
        if (!skip_scalar(reason)) return false;
        value_next = false;
        continue;
      }
      ++next_;
      if (take_sign(open == '{' ? '}' : ']')) {
        value_next = false;
        continue;
      }
      if (depth == kMaxJsonDepth) {
        reason = "values are nested more than " + std::to_string(kMaxJsonDepth) + " deep";
        return false;
      }
      is_object[depth++] = open == '{';
    } else {
      if (depth == 0) return true;
      const bool object = is_object[depth - 1];
      if (take_sign(object ? '}' : ']')) {
        --depth;
        continue;
      }
      if (!take_sign(',')) {
        reason = expected(object ? "\",\" or \"}\"" : "\",\" or \"]\"");
        return false;
      }
      value_next = true;
    }
    if (is_object[depth - 1]) {
      if (peek() != '"') {
        reason = expected("a key");
        return false;
      }
      if (!skip_scalar(reason)) return false;
      if (!take_sign(':')) {
        reason = expected("\":\"");
        return false;
      }
    }
  }
}

}  // namespace dataflow::format
