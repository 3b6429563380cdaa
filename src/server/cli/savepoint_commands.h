// dataflow pipeline savepoint | savepoints
#pragma once

#include <CLI/CLI.hpp>

#include "cli/command_tree.h"

namespace dataflow::cli {

void add_savepoint_commands(CommandTree& tree, CLI::App& group);

}  // namespace dataflow::cli
