// JsonTokens: a JSON text's tokens, one after the other. simdjson finds where they begin and checks
// UTF-8 and the ends of strings; the grammar is checked as the tokens are walked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace dataflow::format {

inline constexpr int kMaxJsonDepth = 256;

inline bool is_space(char c) {
  return static_cast<uint8_t>(c) <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t');
}
// A number as RFC 8259 writes it.
bool is_json_number(std::string_view text);
// The text between a string's quotes without its escapes, written at `out` (room for text.size()).
// Returns the position behind it; null for an escape that does not exist or half of a surrogate
// pair.
char* unescape_json(std::string_view text, char* out);

class JsonTokens {
 public:
  JsonTokens();
  ~JsonTokens();

  // The payload's first token is next. False, with the reason, if it is no JSON already by its
  // bytes. kPayloadPadding bytes stand behind `payload`.
  bool scan(std::string_view payload, std::string& reason);

  bool at_end() const { return next_ == end_; }
  // The next token's first character; 0 behind the last one.
  char peek() const { return next_ == end_ ? '\0' : text_[*next_]; }
  void skip_sign() { ++next_; }
  // If the next token is this sign.
  bool take_sign(char sign) {
    if (peek() != sign) return false;
    ++next_;
    return true;
  }
  // The next token, which there is: for a string with its quotes.
  std::string_view take() {
    const char* const begin = text_ + *next_;
    const char* end = text_ + (next_ + 1 == end_ ? size_ : *(next_ + 1));
    ++next_;
    while (is_space(end[-1])) --end;
    return {begin, static_cast<size_t>(end - begin)};
  }
  // To begin again where a value began.
  using Mark = const uint32_t*;
  Mark mark() const { return next_; }
  void go_back(Mark mark) { next_ = mark; }
  const char* position() const { return text_ + (next_ == end_ ? size_ : *next_); }

  // Passes over a whole value and checks it; false, with the reason, if it is none. The value's
  // text is what lay between position() before and behind it.
  bool skip_value(std::string& reason);

  // "… was found, … is expected" about the next token.
  std::string expected(std::string_view what) const;

 private:
  bool skip_scalar(std::string& reason);

  std::unique_ptr<simdjson::internal::dom_parser_implementation> scanner_;
  const char* text_ = nullptr;
  uint32_t size_ = 0;
  const uint32_t* next_ = nullptr;
  const uint32_t* end_ = nullptr;
  std::string scratch_;
};

}  // namespace dataflow::format
