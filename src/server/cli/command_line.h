// The command line: everything that `dataflow` and `dataflow-cli` do besides `dataflow server`.
#pragma once

#include <string>
#include <vector>

namespace dataflow::server {

// `arguments` are those behind the program's name. Returns the process's exit code:
// 0 ok, 1 failed, 2 usage, 3 cannot connect, 4 not found or conflict, 5 validation, 130
// interrupted.
int run_command_line(const std::vector<std::string>& arguments);

}  // namespace dataflow::server
