#include "cli/interrupt.h"

#include <csignal>
#include <ctime>

#include "cli/exit_codes.h"

namespace dataflow::cli {
namespace {

volatile sig_atomic_t caught = 0;

void note(int signal) {
  caught = signal;
  // The next one finds the default action.
  std::signal(signal, SIG_DFL);
}

}  // namespace

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return caught != 0; }

Status check_interrupt() {
  if (caught == 0) return {};
  return with_exit_code(Status::cancelled("interrupted"), static_cast<ExitCode>(128 + caught));
}

void pause_for(int64_t nanos) {
  if (nanos <= 0 || interrupted()) return;
  timespec time{nanos / 1'000'000'000, nanos % 1'000'000'000};
  nanosleep(&time, nullptr);
}

}  // namespace dataflow::cli
