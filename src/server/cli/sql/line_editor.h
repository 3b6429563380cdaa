// Lets a person write a text of one or more lines on a terminal: editing keys, history and search
// in it, completion, what was pasted.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/sql/edit_buffer.h"
#include "cli/sql/history.h"
#include "cli/sql/key_reader.h"

namespace dataflow::cli {

// What could stand in place of the text from `from` up to the cursor.
struct Completion {
  size_t from = 0;
  std::vector<std::string> choices;
  std::string behind = " ";  // put behind the only choice
};

struct EditorHooks {
  // Of the text so far: whether Enter at its end is the end of it.
  std::function<bool(const std::string& text)> is_whole;
  // Before each line of the text but the first.
  std::function<std::vector<std::string>(const std::string& text)> prompts;
  std::function<Completion(const std::string& text, size_t cursor)> complete;
};

class LineEditor {
 public:
  enum class End { kEntered, kCancelled, kEndOfText };
  struct Entered {
    End end = End::kEntered;
    std::string text;
  };

  LineEditor(RawTerminal& terminal, History& history, EditorHooks hooks)
      : terminal_(terminal), keys_(terminal), history_(history), hooks_(std::move(hooks)) {}

  // Ends with the cursor on a line of its own, below the text, which begins as that.
  Entered read(const std::string& prompt, std::string text = {});

 private:
  // What is drawn: rows of the screen, and where in them the cursor is.
  struct Picture {
    std::vector<std::string> rows;
    size_t row = 0;
    size_t column = 0;
  };
  enum class Next { kGoOn, kEnter, kCancel, kEndOfText };

  Next take(const Key& key);
  bool take_move(KeyKind kind);
  bool take_deletion(KeyKind kind);
  void enter_or_break(Next& next);
  void older();
  void newer();
  void show_entry(size_t index, bool at_start);
  void complete();
  void list(const std::vector<std::string>& choices);
  // Looks back through history; what it ends with is to be done as any key.
  Key search();
  bool find_back(const std::string& wanted, size_t before);

  Picture picture(const std::string& first_prompt) const;
  void draw() { draw(prompt_); }
  void draw(const std::string& first_prompt);
  void leave_below();

  RawTerminal& terminal_;
  KeyReader keys_;
  History& history_;
  EditorHooks hooks_;
  EditBuffer buffer_;
  std::string prompt_;
  std::string draft_;     // what was being written before history was looked through
  size_t at_entry_ = 0;   // in history; its size: the draft
  size_t drawn_row_ = 0;  // where the cursor was left, below the first row that is drawn
};

}  // namespace dataflow::cli
