// What a person types, key by key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dataflow::cli {

struct ScreenSize {
  size_t rows = 24;
  size_t columns = 80;
};

// A terminal that gives each key at once and shows nothing by itself; a test has one of its own.
class RawTerminal {
 public:
  enum class Read {
    kByte,
    kNothing,  // in the time given, or a signal came
    kEnd,      // it is gone
  };
  virtual ~RawTerminal() = default;
  // -1: however long it takes.
  virtual Read read(char& byte, int wait_ms) = 0;
  virtual void write(std::string_view text) = 0;
  virtual ScreenSize size() = 0;
  // The user wants to go on with other work for a while.
  virtual void suspend() {}
};

enum class KeyKind {
  kText,  // what to put in: a character, or all that was pasted
  kEnter,
  kNewLine,  // in the text, wherever it stands: Alt-Enter
  kTab,
  kBackspace,
  kDelete,
  kLeft,
  kRight,
  kUp,
  kDown,
  kHome,
  kEnd,
  kWordLeft,
  kWordRight,
  kDeleteWordBefore,
  kDeleteWordBehind,
  kDeleteToStart,
  kDeleteToEnd,
  kYank,  // puts back what was deleted last
  kSearch,
  kClear,
  kCancel,     // Ctrl-C
  kEndOfText,  // Ctrl-D
  kGiveUp,     // Ctrl-G, Escape
  kSuspend,
  kNone,  // nothing that means something here; a signal; the window's size changed
  kGone,  // the terminal
};

struct Key {
  KeyKind kind = KeyKind::kNone;
  std::string text;
};

class KeyReader {
 public:
  explicit KeyReader(RawTerminal& terminal) : terminal_(terminal) {}
  Key next();

 private:
  std::optional<char> byte(int wait_ms);
  Key escape();
  Key sequence();
  Key pasted();
  Key text(char first);

  RawTerminal& terminal_;
  std::optional<char> back_;  // read, and not taken
  bool gone_ = false;
};

}  // namespace dataflow::cli
