// The words of a statement as far as this room has to know them: where statements end, and what
// those begin with that PostgreSQL's clients send and our SQL does not know. Takes any text: what
// is wrong with it, the parser of SQL says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dataflow::postgres {

enum class WordKind : uint8_t { kEnd, kWord, kQuoted, kString, kNumber, kSymbol };
struct Word {
  WordKind kind = WordKind::kEnd;
  std::string_view text;  // as written, with its quotes
  size_t from = 0, to = 0;

  bool is(std::string_view capitals) const;  // an unquoted word
  bool is_symbol(char sign) const { return kind == WordKind::kSymbol && text[0] == sign; }
  // Without its quotes and their doubling; an unquoted word in small letters, as PostgreSQL folds
  // names.
  std::string value() const;
};

class WordScanner {
 public:
  explicit WordScanner(std::string_view text, size_t from = 0) : text_(text), at_(from) { take(); }

  const Word& peek() const { return next_; }
  Word take();
  bool take_word(std::string_view capitals);
  bool take_words(std::string_view first, std::string_view second);
  bool take_symbol(char sign);
  bool at_end() const { return next_.kind == WordKind::kEnd; }
  std::string_view rest() const { return text_.substr(next_.from); }

 private:
  void skip_blanks();
  size_t end_of_quoted(size_t from, char quote, bool escapes) const;
  Word read();

  std::string_view text_;
  size_t at_;
  Word next_;
};

// A statement's bytes in a text, without its semicolon and what is around it.
struct Span {
  size_t from = 0, to = 0;
};
// Those of a text; empty ones are none.
std::vector<Span> statements_of(std::string_view text);

// The highest of $1, $2, …; 0: there is none.
size_t parameters_of(std::string_view statement);

}  // namespace dataflow::postgres
