// The text that is being written, and the place in it where keys take effect.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dataflow::cli {

class EditBuffer {
 public:
  const std::string& text() const { return text_; }
  size_t cursor() const { return cursor_; }
  bool empty() const { return text_.empty(); }

  // With the cursor at the end.
  void set(std::string text);
  void move_to(size_t at) { cursor_ = at < text_.size() ? at : text_.size(); }
  void insert(std::string_view text);
  // What stands from there up to the cursor goes.
  void replace_from(size_t from, std::string_view text);

  void left();
  void right();
  void word_left() { cursor_ = word_start(); }
  void word_right() { cursor_ = word_end(); }
  // Of the cursor's line.
  void home() { cursor_ = line_start(); }
  void end() { cursor_ = line_end(); }
  // To the same column of the line above (below); false where there is none.
  bool up();
  bool down();

  void backspace();
  void delete_here();
  void delete_word_before() { delete_between(word_start(), cursor_); }
  void delete_word_behind() { delete_between(cursor_, word_end()); }
  // Within the line; at its end the line's end itself.
  void delete_to_start();
  void delete_to_end();
  // What the last such deletion took.
  void yank() { insert(taken_); }

 private:
  size_t line_start() const;
  size_t line_end() const;
  size_t word_start() const;
  size_t word_end() const;
  size_t column() const;
  void to_column(size_t line_from, size_t column);
  void delete_between(size_t from, size_t to);

  std::string text_;
  size_t cursor_ = 0;
  std::string taken_;
};

}  // namespace dataflow::cli
