#include "catalog_tokens.h"

#include <algorithm>

namespace dataflow::postgres {
namespace {

using Kind = CatalogToken::Kind;

constexpr size_t kMostBytes = 256 << 10;
constexpr size_t kMostNested = 128;
constexpr std::string_view kOperator = "+-*/<>=~!@#%^&|`?";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool in_word(char c) { return starts_word(c) || is_digit(c) || c == '$'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<CatalogTokens> read() {
    while (true) {
      DF_RETURN_IF_ERROR(skip_space());
      if (at_ == text_.size()) return std::move(out_);
      DF_RETURN_IF_ERROR(read_one());
    }
  }

 private:
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool looking_at(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  void put(Kind kind, std::string text) { out_.push_back({kind, std::move(text)}); }

  Status skip_space() {
    while (at_ < text_.size()) {
      if (std::string_view(" \t\r\n\f\v").find(text_[at_]) != std::string_view::npos) {
        ++at_;
      } else if (looking_at("--")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (looking_at("/*")) {
        DF_RETURN_IF_ERROR(skip_comment());
      } else {
        break;
      }
    }
    return {};
  }

  Status skip_comment() {
    size_t depth = 0;
    do {
      if (at_ == text_.size()) return Status::invalid("unterminated /* comment");
      const bool opens = looking_at("/*");
      const bool closes = looking_at("*/");
      depth = depth + (opens ? 1 : 0) - (closes ? 1 : 0);
      at_ += opens || closes ? 2 : 1;
    } while (depth > 0);
    return {};
  }

  Status read_one() {
    const char c = peek();
    if (c == '\'') return read_string(false);
    if ((c == 'e' || c == 'E') && peek(1) == '\'') return ++at_, read_string(true);
    if ((c == 'n' || c == 'N') && peek(1) == '\'') return ++at_, read_string(false);
    if (c == '"') return read_quoted();
    if (starts_word(c)) return read_word();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return read_number();
    if (c == '$') return read_dollar();
    if (kOperator.find(c) != std::string_view::npos) return read_operator();
    for (const std::string_view symbol : {"::", ":=", "(", ")", "[", "]", ",", ";", ".", ":"}) {
      if (!looking_at(symbol)) continue;
      at_ += symbol.size();
      put(Kind::kSymbol, std::string(symbol));
      return {};
    }
    return Status::invalid("syntax error at or near \"" + std::string(1, c) + "\"");
  }

  Status read_string(bool escapes) {
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\'' && peek(1) != '\'') {
        ++at_;
        put(Kind::kString, std::move(out));
        return {};
      }
      if (c == '\'') {
        ++at_;
        out += c;
      } else if (c == '\\' && escapes && at_ + 1 < text_.size()) {
        ++at_;
        out += escaped(text_[at_]);
      } else {
        out += c;
      }
    }
    return Status::invalid("unterminated quoted string");
  }

  // Codes of characters (\x41) are no part of what clients ask.
  static char escaped(char c) {
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case 'b': return '\b';
      case 'f': return '\f';
      default: return c;
    }
  }

  Status read_quoted() {
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"' && peek(1) != '"') {
        ++at_;
        if (out.empty()) return Status::invalid("zero-length delimited identifier");
        put(Kind::kQuoted, std::move(out));
        return {};
      }
      if (text_[at_] == '"') ++at_;
      out += text_[at_];
    }
    return Status::invalid("unterminated quoted identifier");
  }

  Status read_word() {
    std::string out;
    for (; at_ < text_.size() && in_word(text_[at_]); ++at_) {
      const char c = text_[at_];
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    put(Kind::kWord, std::move(out));
    return {};
  }

  Status read_number() {
    const size_t from = at_;
    bool whole = true;
    while (is_digit(peek()) || (whole && peek() == '.')) {
      if (peek() == '.') whole = false;
      ++at_;
    }
    const char sign = peek(1);
    const bool signed_power = (sign == '+' || sign == '-') && is_digit(peek(2));
    if ((peek() == 'e' || peek() == 'E') && (is_digit(sign) || signed_power)) {
      at_ += 2;
      while (is_digit(peek())) ++at_;
    }
    put(Kind::kNumber, std::string(text_.substr(from, at_ - from)));
    return {};
  }

  // $1, or a string between $$ or $tag$.
  Status read_dollar() {
    if (is_digit(peek(1))) {
      const size_t from = ++at_;
      while (is_digit(peek())) ++at_;
      put(Kind::kParameter, std::string(text_.substr(from, at_ - from)));
      return {};
    }
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '$' && in_word(text_[end])) ++end;
    if (end == text_.size() || text_[end] != '$') {
      return Status::invalid("syntax error at or near \"$\"");
    }
    const std::string_view tag = text_.substr(at_, end + 1 - at_);
    const size_t closing = text_.find(tag, end + 1);
    if (closing == std::string_view::npos) {
      return Status::invalid("unterminated dollar-quoted string");
    }
    put(Kind::kString, std::string(text_.substr(end + 1, closing - end - 1)));
    at_ = closing + tag.size();
    return {};
  }

  // As long as there are signs of operators, but for comments; + and - at the end belong to what
  // follows, unless a sign stands in front that no operator of SQL's has.
  Status read_operator() {
    size_t end = at_;
    while (end < text_.size() && kOperator.find(text_[end]) != std::string_view::npos) {
      const std::string_view rest = text_.substr(end);
      if (end > at_ && (rest.starts_with("--") || rest.starts_with("/*"))) break;
      ++end;
    }
    std::string_view text = text_.substr(at_, end - at_);
    const bool special = text.find_first_of("~!@#%^&|`?") != std::string_view::npos;
    while (!special && text.size() > 1 && (text.back() == '+' || text.back() == '-')) {
      text.remove_suffix(1);
    }
    at_ += text.size();
    put(Kind::kSymbol, std::string(text));
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  CatalogTokens out_;
};

Status check_nesting(const CatalogTokens& tokens) {
  std::string open;
  for (const CatalogToken& token : tokens) {
    if (token.is("(") || token.is("[")) {
      open += token.text == "(" ? ')' : ']';
      if (open.size() > kMostNested) return Status::invalid("the statement nests too deep");
    } else if (token.is(")") || token.is("]")) {
      if (open.empty() || open.back() != token.text[0]) {
        return Status::invalid("syntax error at or near \"" + token.text + "\"");
      }
      open.pop_back();
    } else if (token.is(";")) {
      return Status::invalid("one statement at a time is taken about the catalog");
    }
  }
  return open.empty() ? Status() : Status::invalid("syntax error at end of input");
}

void put_between(std::string& out, char quote, const std::string& text) {
  out += quote;
  for (const char c : text) {
    if (c == quote) out += c;
    out += c;
  }
  out += quote;
}

}  // namespace

Result<CatalogTokens> catalog_tokens(std::string_view statement) {
  if (statement.size() > kMostBytes) {
    return Status::too_large("a statement about the catalog has at most 256 KiB");
  }
  if (statement.find('\0') != std::string_view::npos) {
    return Status::invalid("the statement has a byte 0");
  }
  DF_ASSIGN_OR_RETURN(CatalogTokens tokens, Reader(statement).read());
  while (!tokens.empty() && tokens.back().is(";")) tokens.pop_back();
  DF_RETURN_IF_ERROR(check_nesting(tokens));
  return tokens;
}

std::vector<size_t> partners(const CatalogTokens& tokens) {
  std::vector<size_t> out(tokens.size());
  std::vector<size_t> open;
  for (size_t i = 0; i < tokens.size(); ++i) {
    out[i] = i;
    if (tokens[i].is("(") || tokens[i].is("[")) {
      open.push_back(i);
    } else if ((tokens[i].is(")") || tokens[i].is("]")) && !open.empty()) {
      out[i] = open.back();
      out[open.back()] = i;
      open.pop_back();
    }
  }
  return out;
}

std::string to_text(const CatalogTokens& tokens) {
  std::string out;
  for (const CatalogToken& token : tokens) {
    if (!out.empty()) out += ' ';
    switch (token.kind) {
      case Kind::kString: put_between(out, '\'', token.text); break;
      case Kind::kQuoted: put_between(out, '"', token.text); break;
      case Kind::kParameter: out += '$' + token.text; break;
      default: out += token.text; break;
    }
  }
  return out;
}

}  // namespace dataflow::postgres
