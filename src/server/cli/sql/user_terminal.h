// The terminal that the shell was started on.
#pragma once

#include <termios.h>

#include <string>

#include "cli/sql/key_reader.h"

namespace dataflow::cli {

// Raw from begin() to end(): keys come at once, none of them is shown or becomes a signal, while
// what is written looks as always. SIGTERM, where it is caught, ends what is read.
class UserTerminal final : public RawTerminal {
 public:
  UserTerminal() = default;
  ~UserTerminal() override { end(); }
  UserTerminal(const UserTerminal&) = delete;
  UserTerminal& operator=(const UserTerminal&) = delete;

  void begin();
  void end();
  bool raw() const { return raw_; }

  Read read(char& byte, int wait_ms) override;
  void write(std::string_view text) override;
  ScreenSize size() override;
  void suspend() override;

  // Whether Ctrl-C was pressed meanwhile, or one of `others`. What else was typed is kept for the
  // next read().
  bool pressed_meanwhile(std::string_view others);

 private:
  bool raw_ = false;
  bool gone_ = false;
  termios before_ = {};
  std::string ahead_;
};

// Of the one that standard output goes to.
ScreenSize screen_size();

}  // namespace dataflow::cli
