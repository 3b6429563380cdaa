#include "cli/sql/user_terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "cli/interrupt.h"

namespace dataflow::cli {
namespace {

constexpr char kControlC = '\x03';

// Only so that what waits for a key looks at the window's size again.
void window_changed(int) {}

}  // namespace

ScreenSize screen_size() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {size.ws_row, size.ws_col};
}

void UserTerminal::begin() {
  if (raw_ || tcgetattr(STDIN_FILENO, &before_) != 0) return;
  struct sigaction action = {};
  action.sa_handler = window_changed;
  sigemptyset(&action.sa_mask);
  sigaction(SIGWINCH, &action, nullptr);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON | ISTRIP | INLCR);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  raw_ = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void UserTerminal::end() {
  if (raw_) tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  raw_ = false;
}

RawTerminal::Read UserTerminal::read(char& byte, int wait_ms) {
  if (!ahead_.empty()) {
    byte = ahead_.front();
    ahead_.erase(0, 1);
    return Read::kByte;
  }
  if (gone_ || interrupted()) return Read::kEnd;
  pollfd entry{STDIN_FILENO, POLLIN, 0};
  if (::poll(&entry, 1, wait_ms) <= 0) return interrupted() ? Read::kEnd : Read::kNothing;
  char chunk[4096];
  const ssize_t got = ::read(STDIN_FILENO, chunk, sizeof chunk);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return Read::kNothing;
  if (got <= 0) {
    gone_ = true;
    return Read::kEnd;
  }
  byte = chunk[0];
  ahead_.assign(chunk + 1, static_cast<size_t>(got) - 1);
  return Read::kByte;
}

void UserTerminal::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(STDOUT_FILENO, text.data(), text.size());
    if (wrote < 0 && errno != EINTR) return;
    if (wrote > 0) text.remove_prefix(static_cast<size_t>(wrote));
  }
}

ScreenSize UserTerminal::size() { return screen_size(); }

void UserTerminal::suspend() {
  end();
  std::raise(SIGTSTP);
  begin();
}

bool UserTerminal::pressed_meanwhile(std::string_view others) {
  std::string typed;
  typed.swap(ahead_);
  char byte = 0;
  while (read(byte, 0) == Read::kByte) {
    typed += byte;
    typed += ahead_;
    ahead_.clear();
  }
  const std::string wanted = std::string(1, kControlC) + std::string(others);
  const size_t place = typed.find_first_of(wanted);
  if (place == std::string::npos) {
    ahead_ = typed;
    return gone_;
  }
  // What was typed before it was meant for what it ended.
  ahead_ = typed.substr(place + 1);
  return true;
}

}  // namespace dataflow::cli
