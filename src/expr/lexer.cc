#include "expr/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "utf8.h"

namespace dataflow::expr {

namespace {

constexpr size_t kShownWidth = 100;  // characters of a line in a message

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool within_word(char c) { return starts_word(c) || is_digit(c) || c == '$'; }

std::optional<int> hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

class Lexer {
 public:
  Lexer(std::string_view text, Place start, TextKind kind)
      : text_(text), start_(start), place_(start), kind_(kind) {}

  Result<std::vector<Token>> run() {
    if (size_t valid = valid_utf8_prefix(text_); valid != text_.size()) {
      return error_at(text_, start_, valid, "the text is not valid UTF-8 here");
    }
    std::vector<Token> tokens;
    while (true) {
      DF_RETURN_IF_ERROR(skip_blanks());
      Token token;
      token.from = at_;
      token.place = place_here();
      if (at_ < text_.size()) DF_RETURN_IF_ERROR(read(token));
      token.to = at_;
      tokens.push_back(std::move(token));
      if (tokens.back().kind == TokenKind::kEnd) return tokens;
    }
  }

 private:
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  Status fail(size_t at, const std::string& what) const {
    return error_at(text_, start_, at, what);
  }

  // Places rise: what lies between the last one asked for and this one is counted once.
  Place place_here() {
    for (; counted_ < at_; ++counted_) {
      if (text_[counted_] == '\n') {
        ++place_.line;
        place_.column = 1;
      } else if ((static_cast<unsigned char>(text_[counted_]) & 0xC0) != 0x80) {
        ++place_.column;
      }
    }
    return place_;
  }

  Status skip_blanks() {
    if (at_ == 0 && text_.starts_with("\xEF\xBB\xBF")) at_ = counted_ = 3;  // a mark of UTF-8
    while (at_ < text_.size()) {
      char c = text_[at_];
      if (c == ' ' || (c >= '\t' && c <= '\r')) {
        ++at_;
      } else if (c == '-' && peek(1) == '-') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (c == '/' && peek(1) == '*') {
        size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return fail(at_, "the comment is not closed by */");
        if (opens_hint()) return {};
        at_ = end + 2;
      } else {
        break;
      }
    }
    return {};
  }

  // "/*+ OPTIONS": other hints say how to run a query, and mean nothing here.
  bool opens_hint() const {
    if (kind_ != TextKind::kStatements || peek(2) != '+') return false;
    size_t from = at_ + 3;
    while (from < text_.size() &&
           (text_[from] == ' ' || (text_[from] >= '\t' && text_[from] <= '\r'))) {
      ++from;
    }
    return in_capitals(text_.substr(from, 7)) == "OPTIONS";
  }

  Status read(Token& token) {
    char c = text_[at_];
    if (c == '/' && peek(1) == '*') {
      hint_ = true;
      return take_symbol(token, 3);
    }
    if (hint_ && c == '*' && peek(1) == '/') {
      hint_ = false;
      return take_symbol(token, 2);
    }
    if ((c == 'x' || c == 'X') && peek(1) == '\'') return read_bytes(token);
    if ((c == 'u' || c == 'U') && peek(1) == '&' && peek(2) == '\'') return read_numbered(token);
    if ((c == 'e' || c == 'E') && peek(1) == '\'') return read_escaped(token);
    if (starts_word(c)) {
      while (within_word(peek())) token.text.push_back(text_[at_++]);
      token.kind = TokenKind::kWord;
      token.upper = in_capitals(token.text);
      return {};
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return read_number(token);
    if (c == '\'') {
      token.kind = TokenKind::kString;
      return read_quoted(token, "string");
    }
    if (c == '`' || c == '"') {
      token.kind = TokenKind::kQuoted;
      DF_RETURN_IF_ERROR(read_quoted(token, "name"));
      if (token.text.empty()) return fail(token.from, "a name may not be empty");
      return {};
    }
    return read_symbol(token);
  }

  Status read_quoted(Token& token, const char* what) {
    char quote = text_[at_];
    size_t from = at_++;
    while (true) {
      if (at_ >= text_.size()) {
        return fail(from,
                    std::string("the ") + what + " that begins here is not closed by " + quote);
      }
      char c = text_[at_++];
      if (c == quote) {
        if (peek() != quote) return {};
        ++at_;
      }
      token.text.push_back(c);
    }
  }

  // What stands behind U&'…' to say which character escapes; a backslash if nothing does.
  Result<char> take_uescape() {
    const size_t before = at_;
    DF_RETURN_IF_ERROR(skip_blanks());
    const size_t word = at_;
    const bool named = in_capitals(text_.substr(word, 7)) == "UESCAPE";
    if (named) at_ += 7;
    if (named) DF_RETURN_IF_ERROR(skip_blanks());
    if (!named || peek() != '\'') {
      at_ = before;
      return '\\';
    }
    Token character;
    DF_RETURN_IF_ERROR(read_quoted(character, "string"));
    constexpr std::string_view kTaken = "+'\" \t\n\r";
    const std::string& given = character.text;
    if (given.size() != 1 || hex_digit(given[0]) || kTaken.find(given[0]) != kTaken.npos) {
      return fail(word,
                  "UESCAPE takes one character that is no digit of a number, no blank, and "
                  "none of + ' \"");
    }
    return given[0];
  }

  // U&'\00e4': a character by the four digits of its number in UTF-16, \\ a backslash.
  Status read_numbered(Token& token) {
    at_ += 2;
    token.kind = TokenKind::kString;
    DF_RETURN_IF_ERROR(read_quoted(token, "string"));
    DF_ASSIGN_OR_RETURN(const char escape, take_uescape());
    std::string_view rest = token.text;
    std::string out;
    uint32_t high = 0;
    while (!rest.empty()) {
      const bool escaped = rest[0] == escape;
      const bool itself = escaped && rest.size() > 1 && rest[1] == escape;
      if (!escaped || itself) {
        if (high != 0) return fail(token.from, "half of a character stands alone behind U&");
        out.push_back(rest[0]);
        rest.remove_prefix(itself ? 2 : 1);
        continue;
      }
      uint32_t code = 0;
      const char* const end = rest.data() + std::min<size_t>(rest.size(), 5);
      const auto [read, error] = std::from_chars(rest.data() + 1, end, code, 16);
      if (error != std::errc() || read != rest.data() + 5) {
        return fail(
            token.from,
            "behind U& the escape, a backslash if UESCAPE says nothing else, begins itself or "
            "four hexadecimal digits");
      }
      if (code == 0) return fail(token.from, "a text holds no character \\0000");
      rest.remove_prefix(5);
      const bool low = code >= 0xdc00 && code < 0xe000;
      if (low != (high != 0)) {
        return fail(token.from, "half of a character stands alone behind U&");
      }
      if (low) code = 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00);
      high = code >= 0xd800 && code < 0xdc00 ? code : 0;
      if (high == 0) append_utf8(out, code);
    }
    if (high != 0) return fail(token.from, "half of a character stands alone behind U&");
    token.text = std::move(out);
    return {};
  }

  // E'it\'s\n', as PostgreSQL's clients write texts that hold a backslash.
  Status read_escaped(Token& token) {
    constexpr std::string_view kNames = "bfnrt\\'\"";
    constexpr std::string_view kMeant = "\b\f\n\r\t\\'\"";
    token.kind = TokenKind::kString;
    const size_t from = at_++;
    for (++at_; at_ < text_.size();) {
      char c = text_[at_++];
      if (c == '\'') {
        if (peek() != '\'') return {};
        ++at_;
      } else if (c == '\\') {
        const size_t name = kNames.find(peek());
        if (name == std::string_view::npos) {
          return fail(at_, "in E'…' a backslash stands before b, f, n, r, t, ' or itself");
        }
        c = kMeant[name];
        ++at_;
      }
      token.text.push_back(c);
    }
    return fail(from, "the string that begins here is not closed by '");
  }

  Status read_bytes(Token& token) {
    token.kind = TokenKind::kBytes;
    ++at_;
    Token digits;
    DF_RETURN_IF_ERROR(read_quoted(digits, "string"));
    if (digits.text.size() % 2 != 0) {
      return fail(token.from, "X'…' needs an even number of hexadecimal digits");
    }
    for (size_t i = 0; i < digits.text.size(); i += 2) {
      auto high = hex_digit(digits.text[i]);
      auto low = hex_digit(digits.text[i + 1]);
      if (!high || !low) return fail(token.from, "X'…' holds something else than 0-9 and A-F");
      token.text.push_back(static_cast<char>(*high * 16 + *low));
    }
    return {};
  }

  Status read_number(Token& token) {
    token.kind = TokenKind::kInteger;
    while (is_digit(peek())) token.text.push_back(text_[at_++]);
    if (peek() == '.') {
      token.kind = TokenKind::kDecimal;
      token.text.push_back(text_[at_++]);
      while (is_digit(peek())) token.text.push_back(text_[at_++]);
    }
    if (peek() == 'e' || peek() == 'E') {
      size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if (is_digit(peek(1 + sign))) {
        token.kind = TokenKind::kDouble;
        for (size_t i = 0; i < 1 + sign; ++i) token.text.push_back(text_[at_++]);
        while (is_digit(peek())) token.text.push_back(text_[at_++]);
      }
    }
    if (within_word(peek())) {
      return fail(at_, "a number ends here and a name begins; put a blank or an operator between");
    }
    return {};
  }

  Status read_symbol(Token& token) {
    static constexpr std::array<std::string_view, 7> kTwo = {
        "<>", "!=", "<=", ">=", "||", "::", "=>"};
    static constexpr std::string_view kOne = "+-*/%()[],.=<>;?";
    token.kind = TokenKind::kSymbol;
    for (std::string_view symbol : kTwo) {
      if (text_.substr(at_, 2) == symbol) {
        token.text = symbol == "!=" ? "<>" : symbol;
        at_ += 2;
        return {};
      }
    }
    const bool more = kind_ == TextKind::kStatements &&
                      std::string_view("{}^$|:").find(text_[at_]) != std::string_view::npos;
    if (!more && kOne.find(text_[at_]) == std::string_view::npos) {
      return fail(at_, std::string("`") + text_[at_] + "` has no meaning in SQL");
    }
    return take_symbol(token, 1);
  }

  Status take_symbol(Token& token, size_t size) {
    token.kind = TokenKind::kSymbol;
    token.text = text_.substr(at_, size);
    at_ += size;
    return {};
  }

  std::string_view text_;
  Place start_;
  Place place_;
  size_t at_ = 0;
  size_t counted_ = 0;
  TextKind kind_;
  bool hint_ = false;
};

}  // namespace

std::string Token::shown() const {
  switch (kind) {
    case TokenKind::kEnd: return "the end";
    case TokenKind::kString: return "'" + text + "'";
    case TokenKind::kBytes: return "a byte string";
    default: return "`" + text + "`";
  }
}

Result<std::vector<Token>> tokenize(std::string_view text, Place start, TextKind kind) {
  return Lexer(text, start, kind).run();
}

Status error_at(std::string_view text, Place start, size_t at, const std::string& what) {
  at = std::min(at, text.size());
  size_t line_from = 0;
  int line = start.line;
  for (size_t i = 0; i < at; ++i) {
    if (text[i] != '\n') continue;
    ++line;
    line_from = i + 1;
  }
  size_t line_to = std::min(text.find('\n', line_from), text.size());
  if (line_to > line_from && text[line_to - 1] == '\r' && line_to - 1 >= at) --line_to;
  size_t before = utf8_length(text.substr(line_from, at - line_from));
  int column = static_cast<int>(before) + (line == start.line ? start.column : 1);

  // Of a long line only what lies around the place is shown.
  size_t skipped = before > kShownWidth / 2 ? before - kShownWidth / 2 : 0;
  std::string_view shown =
      utf8_substring(text.substr(line_from, line_to - line_from), skipped, kShownWidth);
  std::string caret(before - skipped, ' ');
  std::string message =
      "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + what + "\n  ";
  for (char c : shown) message.push_back(c == '\t' ? ' ' : c);
  return Status::invalid(message + "\n  " + caret + "^");
}

bool is_reserved(std::string_view capitals) {
  static constexpr std::array<std::string_view, 45> kReserved = {"ALL",
                                                                 "AND",
                                                                 "ARRAY",
                                                                 "AS",
                                                                 "BETWEEN",
                                                                 "BY",
                                                                 "CASE",
                                                                 "CAST",
                                                                 "CURRENT_DATE",
                                                                 "CURRENT_TIME",
                                                                 "CURRENT_TIMESTAMP",
                                                                 "DATE",
                                                                 "DISTINCT",
                                                                 "ELSE",
                                                                 "END",
                                                                 "ESCAPE",
                                                                 "EXISTS",
                                                                 "FALSE",
                                                                 "FROM",
                                                                 "GROUP",
                                                                 "HAVING",
                                                                 "IN",
                                                                 "INTERVAL",
                                                                 "IS",
                                                                 "JOIN",
                                                                 "LIKE",
                                                                 "LIMIT",
                                                                 "LOCALTIME",
                                                                 "LOCALTIMESTAMP",
                                                                 "MAP",
                                                                 "NOT",
                                                                 "NULL",
                                                                 "ON",
                                                                 "OR",
                                                                 "ORDER",
                                                                 "ROW",
                                                                 "SELECT",
                                                                 "SIMILAR",
                                                                 "THEN",
                                                                 "TIME",
                                                                 "TIMESTAMP",
                                                                 "TRUE",
                                                                 "UNION",
                                                                 "WHEN",
                                                                 "WHERE"};
  return std::binary_search(kReserved.begin(), kReserved.end(), capitals);
}

std::string in_capitals(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

}  // namespace dataflow::expr
