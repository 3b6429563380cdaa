// dataflow pipeline test
#pragma once

#include "cli/command_tree.h"

namespace dataflow::cli {

void add_pipeline_test(CommandTree& tree, CLI::App& group);

}  // namespace dataflow::cli
