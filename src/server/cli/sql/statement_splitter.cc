#include "cli/sql/statement_splitter.h"

#include <cctype>
#include <cstdint>

namespace dataflow::cli {
namespace {

constexpr size_t kCompactBytes = 64 << 10;

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool in_word(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0 || c == '_' || c == '$';
}

}  // namespace

void StatementSplitter::add(std::string_view text) {
  if (at_ > kCompactBytes && !begun_) {
    count_to(at_);
    text_.erase(0, at_);
    counted_ = at_ = 0;
  }
  text_ += text;
}

char StatementSplitter::open() const {
  if (in_ == In::kQuotes) return quote_;
  if (in_ == In::kComment) return '*';
  if (!begun_) return 0;
  return in_set_ ? 'S' : '-';
}

void StatementSplitter::count_to(size_t place) {
  for (; counted_ < place; ++counted_) {
    if (text_[counted_] == '\n') {
      ++line_;
      column_ = 1;
    } else if ((static_cast<uint8_t>(text_[counted_]) & 0xC0) != 0x80) {
      ++column_;
    }
  }
}

void StatementSplitter::begin_at(size_t place) {
  if (begun_) return;
  begun_ = true;
  from_ = place;
  count_to(place);
  from_line_ = line_;
  from_column_ = column_;
}

void StatementSplitter::forget_words() {
  for (std::string& word : words_) word.clear();
  only_words_ = true;
  in_set_ = fresh_in_set_ = set_ended_ = false;
}

// The word at the place, whose end is there.
void StatementSplitter::step_word() {
  std::string word;
  while (in_word(at(at_))) {
    word += static_cast<char>(std::toupper(static_cast<uint8_t>(text_[at_++])));
  }
  if (in_set_) {
    set_ended_ = fresh_in_set_ && word == "END";
    fresh_in_set_ = false;
    return;
  }
  if (!only_words_) return;
  words_[0] = std::move(words_[1]);
  words_[1] = std::move(words_[2]);
  words_[2] = std::move(word);
  const auto are = [&](const char* a, const char* b, const char* c) {
    return words_[0] == a && words_[1] == b && words_[2] == c;
  };
  const bool begins = are("STATEMENT", "SET", "BEGIN");
  if (begins || are("BEGIN", "STATEMENT", "SET")) {
    in_set_ = true;
    fresh_in_set_ = begins;
  }
}

bool StatementSplitter::step_comment() {
  const size_t end = in_ == In::kLineComment ? text_.find('\n', at_) : text_.find("*/", at_);
  if (end != std::string::npos) {
    at_ = in_ == In::kLineComment ? end + 1 : end + 2;
    in_ = In::kText;
    return true;
  }
  // A `*` at the end may be half of what closes it.
  at_ = text_.size() - (in_ == In::kComment && text_.ends_with('*') ? 1 : 0);
  return false;
}

bool StatementSplitter::step_text() {
  const char c = text_[at_];
  const bool pair_cut = (c == '-' || c == '/') && at_ + 1 == text_.size() && !finished_;
  if (pair_cut) return false;
  if (is_blank(c)) {
    ++at_;
  } else if (c == '-' && at(at_ + 1) == '-') {
    in_ = In::kLineComment;
    at_ += 2;
  } else if (c == '/' && at(at_ + 1) == '*') {
    in_ = In::kComment;
    at_ += 2;
  } else if (c == ';') {
    if (!in_set_ || set_ended_) {
      ends_ = true;
    } else {
      fresh_in_set_ = true;
      ++at_;
    }
  } else if (c == '\\' && !begun_) {
    const size_t end = text_.find('\n', at_);
    if (end == std::string::npos && !finished_) return false;
    begin_at(at_);
    at_ = end == std::string::npos ? text_.size() : end;
    ends_ = true;
  } else if (in_word(c)) {
    size_t end = at_;
    while (in_word(at(end))) ++end;
    begin_at(at_);
    if (end == text_.size() && !finished_) return false;
    step_word();
  } else {
    begin_at(at_);
    only_words_ = fresh_in_set_ = set_ended_ = false;
    if (c == '\'' || c == '"' || c == '`') {
      in_ = In::kQuotes;
      quote_ = c;
    }
    ++at_;
  }
  return true;
}

bool StatementSplitter::scan() {
  while (at_ < text_.size()) {
    if (in_ == In::kQuotes) {
      // A doubled quote ends it and begins the next one, which comes to the same.
      const size_t end = text_.find(quote_, at_);
      if (end == std::string::npos) {
        at_ = text_.size();
        return false;
      }
      at_ = end + 1;
      in_ = In::kText;
    } else if (in_ != In::kText) {
      if (!step_comment()) return false;
    } else if (!step_text()) {
      return false;
    }
    if (ends_) return true;
  }
  return false;
}

ScriptPart StatementSplitter::take(size_t to, size_t behind, bool command, bool ended) {
  ScriptPart part;
  while (to > from_ && is_blank(text_[to - 1])) --to;
  part.text = text_.substr(from_, to - from_);
  part.command = command;
  part.ended = ended;
  part.line = from_line_;
  part.column = from_column_;
  at_ = behind;
  begun_ = ends_ = false;
  in_ = In::kText;
  forget_words();
  return part;
}

std::optional<ScriptPart> StatementSplitter::next() {
  while (scan()) {
    const bool command = begun_ && text_[from_] == '\\';
    // An empty statement is none.
    if (!begun_) {
      ++at_;
      ends_ = false;
      forget_words();
      continue;
    }
    return take(at_, at_ < text_.size() ? at_ + 1 : at_, command, true);
  }
  return std::nullopt;
}

std::optional<ScriptPart> StatementSplitter::rest() {
  finished_ = true;
  if (std::optional<ScriptPart> part = next()) return part;
  if (!begun_) return std::nullopt;
  return take(text_.size(), text_.size(), false, false);
}

}  // namespace dataflow::cli
