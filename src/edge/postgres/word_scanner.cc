#include "word_scanner.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace dataflow::postgres {
namespace {

bool begins_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<uint8_t>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
char capital(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr size_t kMostParameters = UINT16_MAX;

bool begins_statement_set(WordScanner words) {
  if (!words.take_word("EXECUTE")) words.take_word("BEGIN");
  return words.take_words("STATEMENT", "SET");
}

}  // namespace

bool Word::is(std::string_view capitals) const {
  return kind == WordKind::kWord &&
         std::equal(text.begin(), text.end(), capitals.begin(), capitals.end(),
                    [](char a, char b) { return capital(a) == b; });
}

std::string Word::value() const {
  std::string out;
  if (kind != WordKind::kQuoted && kind != WordKind::kString) {
    out.assign(text);
    if (kind == WordKind::kWord) std::transform(out.begin(), out.end(), out.begin(), small);
    return out;
  }
  const char quote = text.front();
  const bool closed = text.size() > 1 && text.back() == quote;
  const std::string_view inner = text.substr(1, text.size() - (closed ? 2 : 1));
  for (size_t i = 0; i < inner.size(); ++i) {
    out += inner[i];
    if (inner[i] == quote) ++i;
  }
  return out;
}

void WordScanner::skip_blanks() {
  while (at_ < text_.size()) {
    const std::string_view rest = text_.substr(at_);
    if (is_blank(rest.front())) {
      ++at_;
    } else if (rest.starts_with("--")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (rest.starts_with("/*") && !rest.starts_with("/*+")) {
      const size_t end = text_.find("*/", at_ + 2);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
    } else {
      return;
    }
  }
}

size_t WordScanner::end_of_quoted(size_t from, char quote, bool escapes) const {
  for (size_t i = from + 1; i < text_.size(); ++i) {
    if (escapes && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (i + 1 < text_.size() && text_[i + 1] == quote) {
        ++i;
      } else {
        return i + 1;
      }
    }
  }
  return text_.size();
}

Word WordScanner::read() {
  skip_blanks();
  Word word;
  word.from = at_;
  if (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\'' || c == '"' || c == '`') {
      word.kind = c == '\'' ? WordKind::kString : WordKind::kQuoted;
      // E'…' has escapes; its letter is a word of its own here.
      const bool escapes = c == '\'' && at_ > 0 && capital(text_[at_ - 1]) == 'E' &&
                           (at_ < 2 || !(begins_word(text_[at_ - 2]) || is_digit(text_[at_ - 2])));
      at_ = end_of_quoted(at_, c, escapes);
    } else if (begins_word(c)) {
      word.kind = WordKind::kWord;
      while (at_ < text_.size() && (begins_word(text_[at_]) || is_digit(text_[at_]))) ++at_;
    } else if (is_digit(c)) {
      word.kind = WordKind::kNumber;
      while (at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '.')) ++at_;
    } else {
      word.kind = WordKind::kSymbol;
      ++at_;
    }
  }
  word.to = at_;
  word.text = text_.substr(word.from, word.to - word.from);
  return word;
}

Word WordScanner::take() {
  const Word taken = std::exchange(next_, Word());
  next_ = read();
  return taken;
}

bool WordScanner::take_word(std::string_view capitals) {
  if (!next_.is(capitals)) return false;
  take();
  return true;
}

bool WordScanner::take_words(std::string_view first, std::string_view second) {
  if (!next_.is(first)) return false;
  WordScanner ahead = *this;
  ahead.take();
  if (!ahead.take_word(second)) return false;
  *this = ahead;
  return true;
}

bool WordScanner::take_symbol(char sign) {
  if (!next_.is_symbol(sign)) return false;
  take();
  return true;
}

std::vector<Span> statements_of(std::string_view text) {
  std::vector<Span> spans;
  Span open;
  bool any = false;
  bool in_set = false;  // EXECUTE STATEMENT SET BEGIN …; …; END
  size_t cases = 0;     // CASE … END within it
  WordScanner words(text);
  while (true) {
    if (!any) {
      in_set = begins_statement_set(words);
      cases = 0;
    }
    const Word word = words.take();
    const bool end = word.kind == WordKind::kEnd;
    if (word.is("CASE")) ++cases;
    if (word.is("END")) {
      in_set = in_set && cases > 0;
      if (cases > 0) --cases;
    }
    if (end || (word.is_symbol(';') && !in_set)) {
      if (any) spans.push_back(open);
      any = false;
      if (end) return spans;
      continue;
    }
    if (!any) open.from = word.from;
    any = true;
    open.to = word.to;
  }
}

size_t parameters_of(std::string_view statement) {
  size_t highest = 0;
  WordScanner words(statement);
  while (!words.at_end()) {
    if (!words.take().is_symbol('$') || words.peek().kind != WordKind::kNumber) continue;
    const std::string_view digits = words.peek().text;
    size_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (number <= kMostParameters) highest = std::max(highest, number);
  }
  return highest;
}

}  // namespace dataflow::postgres
