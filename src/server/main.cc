#include <string>
#include <vector>

#include "cli/command_line.h"
#include "server_run.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments[0] == "server") {
    return dataflow::server::run_server({arguments.begin() + 1, arguments.end()});
  }
  return dataflow::server::run_command_line(arguments);
}
