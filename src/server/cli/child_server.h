// A server started by this process: from fork to the file that says that it is ready.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace dataflow::cli {

struct ServerStart {
  std::vector<std::string> arguments;  // behind the program's name
  std::string ready_file;
  std::string log_file;   // takes what the server writes
  bool detached = false;  // goes on when this process ends, in a session of its own
};

// Runs this same program, and returns its pid once the ready file is there. When the server ends
// before that, its last words are the failure's.
Result<int> start_server_process(const ServerStart& start, int64_t timeout_ms);

// Waits until the process has ended. False after `timeout_ms`. Any process of this user's will do.
Result<bool> await_process_end(int pid, int64_t timeout_ms);

}  // namespace dataflow::cli
