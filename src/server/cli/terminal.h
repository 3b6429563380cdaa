// What a person sees: standard output as data, standard error as words, colours where they are
// wanted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/status.h"

namespace dataflow::cli {

bool stdin_is_terminal();
bool stdout_is_terminal();
bool stderr_is_terminal();

enum class Colour { kRed, kGreen, kYellow, kBold, kDim };
// The text in that colour if the stream is a terminal and NO_COLOR is not set, otherwise as it is.
std::string coloured_out(Colour colour, std::string_view text);
std::string coloured_err(Colour colour, std::string_view text);

// Buffered standard output. Once its reader has gone, further writes are dropped in silence.
class Output {
 public:
  ~Output();
  void write(std::string_view text);
  void flush();
  // The reader went away: there is no use in going on.
  bool closed() const { return closed_; }
  // A write failed otherwise (a full disk behind a redirection).
  const Status& status() const { return status_; }

 private:
  std::string buffer_;
  bool closed_ = false;
  Status status_;
};

// One line on standard error.
void say(std::string_view words);

// A line on a terminal's standard error that is written anew while work goes on; nothing elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted = true);
  ~ProgressLine() { clear(); }
  // Whether it is time for a new text: ten times a second at most.
  bool due();
  void show(std::string_view text);
  void clear();

 private:
  bool on_;
  bool shown_ = false;
  int64_t next_nanos_ = 0;
};

// Asks on the terminal; kInvalid (usage) where there is none, naming --yes.
Status confirm(const std::string& question);

std::string grouped(int64_t number);                        // 1,234,567
std::string human_bytes(int64_t bytes);                     // 1.4 MiB
std::string human_duration(int64_t ms);                     // 1h 5m
std::string plural(int64_t count, std::string_view thing);  // "1 record", "2,000 records"
// Columns that the text takes on a terminal, near enough: its code points.
size_t display_width(std::string_view text);
// Control characters made visible, so that data cannot drive the terminal.
std::string printable(std::string_view text);
// The same, but lines and tabs stay what they are.
std::string printable_lines(std::string_view text);

}  // namespace dataflow::cli
