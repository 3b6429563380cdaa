// dataflow sql
#pragma once

#include "cli/command_tree.h"

namespace dataflow::cli {

void add_sql_command(CommandTree& tree);

}  // namespace dataflow::cli
