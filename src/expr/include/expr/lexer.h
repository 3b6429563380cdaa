// SQL's words: what parse_expression() reads, and the parser of statements.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expr/expression.h"

namespace dataflow::expr {

enum class TokenKind : uint8_t {
  kEnd,
  kWord,     // unquoted: a keyword or an identifier
  kQuoted,   // an identifier in backticks or double quotes
  kString,   // 'it''s'
  kBytes,    // X'0aff'
  kInteger,  // 12
  kDecimal,  // 1.50
  kDouble,   // 1e3
  kSymbol,   // one of + - * / % ( ) [ ] , . = <> < <= > >= || :: ; ? =>; in statements also
             // { } ^ $ | : and the /*+ and */ around OPTIONS(…)
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;   // unquoted and without escapes; of bytes: the bytes
  std::string upper;  // of a word: in capitals
  size_t from = 0;    // its bytes in the text
  size_t to = 0;
  Place place;

  bool is_symbol(std::string_view symbol) const {
    return kind == TokenKind::kSymbol && text == symbol;
  }
  bool is_word(std::string_view capitals) const {
    return kind == TokenKind::kWord && upper == capitals;
  }
  // As a message names it.
  std::string shown() const;
};

enum class TextKind : uint8_t { kExpression, kStatements };

// The last one is kEnd. Comments (-- and /* */) are left out. kInvalid for a text that is not
// UTF-8, an unfinished string, a character that SQL does not use.
Result<std::vector<Token>> tokenize(std::string_view text, Place start,
                                    TextKind kind = TextKind::kExpression);

// "line 2, column 5: <what>", the line of `text` at byte `at`, and a caret below it.
Status error_at(std::string_view text, Place start, size_t at, const std::string& what);

// A word that cannot be a column's name without quotes.
bool is_reserved(std::string_view capitals);

std::string in_capitals(std::string_view text);

}  // namespace dataflow::expr
