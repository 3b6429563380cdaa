// Ctrl-C and SIGTERM as something to look at between two steps of work. A second Ctrl-C ends at
// once.
#pragma once

#include "base/status.h"

namespace dataflow::cli {

// From now on the first signal is only noted.
void catch_interrupts();
bool interrupted();
// kCancelled once a signal came: 130 after SIGINT, 143 after SIGTERM.
Status check_interrupt();
// Waits, until a signal comes at the longest.
void pause_for(int64_t nanos);

}  // namespace dataflow::cli
