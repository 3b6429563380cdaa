#include "cli/sql/edit_buffer.h"

#include <cctype>
#include <cstdint>

#include "cli/sql/text_width.h"

namespace dataflow::cli {
namespace {

bool in_word(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0 || c == '_';
}

}  // namespace

void EditBuffer::set(std::string text) {
  text_ = std::move(text);
  cursor_ = text_.size();
}

void EditBuffer::insert(std::string_view text) {
  text_.insert(cursor_, text);
  cursor_ += text.size();
}

void EditBuffer::replace_from(size_t from, std::string_view text) {
  text_.replace(from, cursor_ - from, text);
  cursor_ = from + text.size();
}

void EditBuffer::left() { cursor_ = character_before(text_, cursor_); }
void EditBuffer::right() { cursor_ = next_character(text_, cursor_); }

size_t EditBuffer::line_start() const {
  if (cursor_ == 0) return 0;
  const size_t before = text_.rfind('\n', cursor_ - 1);
  return before == std::string::npos ? 0 : before + 1;
}

size_t EditBuffer::line_end() const {
  const size_t end = text_.find('\n', cursor_);
  return end == std::string::npos ? text_.size() : end;
}

size_t EditBuffer::word_start() const {
  size_t at = cursor_;
  while (at > 0 && !in_word(text_[at - 1])) --at;
  while (at > 0 && in_word(text_[at - 1])) --at;
  return at;
}

size_t EditBuffer::word_end() const {
  size_t at = cursor_;
  while (at < text_.size() && !in_word(text_[at])) ++at;
  while (at < text_.size() && in_word(text_[at])) ++at;
  return at;
}

size_t EditBuffer::column() const {
  const size_t from = line_start();
  return columns_of(std::string_view(text_).substr(from, cursor_ - from));
}

void EditBuffer::to_column(size_t line_from, size_t column) {
  cursor_ = line_from;
  const size_t end = line_end();
  for (size_t used = 0; cursor_ < end && used < column;) {
    const size_t next = next_character(text_, cursor_);
    used += columns_of(std::string_view(text_).substr(cursor_, next - cursor_));
    cursor_ = next;
  }
}

bool EditBuffer::up() {
  const size_t from = line_start();
  if (from == 0) return false;
  const size_t wanted = column();
  cursor_ = from - 1;
  to_column(line_start(), wanted);
  return true;
}

bool EditBuffer::down() {
  const size_t end = line_end();
  if (end == text_.size()) return false;
  to_column(end + 1, column());
  return true;
}

void EditBuffer::backspace() {
  const size_t from = character_before(text_, cursor_);
  text_.erase(from, cursor_ - from);
  cursor_ = from;
}

void EditBuffer::delete_here() { text_.erase(cursor_, next_character(text_, cursor_) - cursor_); }

void EditBuffer::delete_between(size_t from, size_t to) {
  if (from == to) return;
  taken_ = text_.substr(from, to - from);
  text_.erase(from, to - from);
  cursor_ = from;
}

void EditBuffer::delete_to_start() {
  const size_t from = line_start();
  delete_between(from == cursor_ && from > 0 ? from - 1 : from, cursor_);
}

void EditBuffer::delete_to_end() {
  const size_t end = line_end();
  delete_between(cursor_, end == cursor_ && end < text_.size() ? end + 1 : end);
}

}  // namespace dataflow::cli
