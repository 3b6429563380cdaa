// `dataflow server`: opens the data directory, starts the listeners, and runs until it is told to
// stop.
#pragma once

#include <string>
#include <vector>

namespace dataflow::server {

// The process's exit code. `arguments` are those behind the word `server`.
int run_server(const std::vector<std::string>& arguments);

// The options of `dataflow server` as text for --help.
std::string server_help();

}  // namespace dataflow::server
