#include "cli/terminal.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "cli/exit_codes.h"

namespace dataflow::cli {
namespace {

constexpr size_t kBufferBytes = 64 << 10;
constexpr int64_t kProgressNanos = 100'000'000;

bool colours_wanted() {
  const char* off = std::getenv("NO_COLOR");
  if (off != nullptr && *off != '\0') return false;
  const char* terminal = std::getenv("TERM");
  return terminal == nullptr || std::string_view(terminal) != "dumb";
}

std::string coloured(Colour colour, std::string_view text) {
  const char* code = "0";
  switch (colour) {
    case Colour::kRed: code = "31"; break;
    case Colour::kGreen: code = "32"; break;
    case Colour::kYellow: code = "33"; break;
    case Colour::kBold: code = "1"; break;
    case Colour::kDim: code = "2"; break;
  }
  return std::string("\033[") + code + "m" + std::string(text) + "\033[0m";
}

void append_printable(std::string& out, char c) {
  if (static_cast<uint8_t>(c) >= 0x20 && c != 0x7F) {
    out += c;
    return;
  }
  char code[8];
  std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned>(static_cast<uint8_t>(c)));
  out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : code;
}

}  // namespace

bool stdin_is_terminal() { return isatty(STDIN_FILENO) == 1; }
bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }
bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }

std::string coloured_out(Colour colour, std::string_view text) {
  return stdout_is_terminal() && colours_wanted() ? coloured(colour, text) : std::string(text);
}

std::string coloured_err(Colour colour, std::string_view text) {
  return stderr_is_terminal() && colours_wanted() ? coloured(colour, text) : std::string(text);
}

Output::~Output() { flush(); }

void Output::write(std::string_view text) {
  if (closed_ || !status_.ok()) return;
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

void Output::flush() {
  size_t done = 0;
  while (done < buffer_.size() && !closed_ && status_.ok()) {
    const ssize_t wrote = ::write(STDOUT_FILENO, buffer_.data() + done, buffer_.size() - done);
    if (wrote >= 0) {
      done += static_cast<size_t>(wrote);
    } else if (errno == EPIPE) {
      closed_ = true;
    } else if (errno != EINTR) {
      status_ =
          Status::io_error(std::string("writing to standard output: ") + std::strerror(errno));
    }
  }
  buffer_.clear();
}

void say(std::string_view words) {
  std::string line(words);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

ProgressLine::ProgressLine(bool wanted) : on_(wanted && stderr_is_terminal()) {}

bool ProgressLine::due() {
  if (!on_) return false;
  const int64_t now = posix_env().monotonic_nanos();
  if (now < next_nanos_) return false;
  next_nanos_ = now + kProgressNanos;
  return true;
}

void ProgressLine::show(std::string_view text) {
  if (!on_) return;
  const std::string line = "\r\033[K" + std::string(text);
  std::fwrite(line.data(), 1, line.size(), stderr);
  shown_ = true;
}

void ProgressLine::clear() {
  if (!shown_) return;
  std::fputs("\r\033[K", stderr);
  shown_ = false;
}

Status confirm(const std::string& question) {
  if (!stdin_is_terminal()) {
    return usage_error(question + " There is no terminal to ask on: add --yes if you are sure");
  }
  std::fprintf(stderr, "%s [y/N] ", question.c_str());
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return with_exit_code(Status::cancelled("nothing was done"), ExitCode::kFailed);
}

std::string grouped(int64_t number) {
  const std::string digits = std::to_string(number);
  const size_t first = digits[0] == '-' ? 1 : 0;
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > first && (digits.size() - i) % 3 == 0) out.push_back(',');
    out.push_back(digits[i]);
  }
  return out;
}

std::string human_bytes(int64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  char text[48];
  std::snprintf(text, sizeof text, value < 10 ? "%.1f %s" : "%.0f %s", value, kUnits[unit]);
  return text;
}

std::string human_duration(int64_t ms) {
  if (ms < 1000) return std::to_string(ms) + "ms";
  const int64_t seconds = ms / 1000;
  const int64_t parts[] = {seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60};
  static constexpr const char* kUnits[] = {"d", "h", "m", "s"};
  std::string text;
  int shown = 0;
  for (size_t i = 0; i < 4 && shown < 2; ++i) {
    if (parts[i] == 0) continue;
    if (shown > 0) text += ' ';
    text += std::to_string(parts[i]) + kUnits[i];
    ++shown;
  }
  return text;
}

std::string plural(int64_t count, std::string_view thing) {
  return grouped(count) + " " + std::string(thing) + (count == 1 ? "" : "s");
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  for (const char c : text) width += (static_cast<uint8_t>(c) & 0xC0) != 0x80 ? 1 : 0;
  return width;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) append_printable(out, c);
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\t') {
      out += c;
    } else {
      append_printable(out, c);
    }
  }
  return out;
}

}  // namespace dataflow::cli
