// The tree of commands: how one is declared, how its help reads, and which one the arguments
// choose.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/session.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace dataflow::cli {

// Runs with the options that were parsed into what it captured.
using Action = std::function<Status(Session&)>;

struct CommandTree {
  CLI::App* root = nullptr;
  GlobalOptions globals;
  Action chosen;
};

// A command below `parent`. `examples`: whole command lines, each with two spaces and what it does
// behind.
CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary,
                      const std::vector<std::string>& examples);
// A command that only has commands below it.
CLI::App& add_command_group(CLI::App& parent, const std::string& name, const std::string& summary,
                            const std::vector<std::string>& examples);
void set_action(CommandTree& tree, CLI::App& command, Action action);
// Not in help and completion.
void hide_command(CLI::App& command);

void add_global_options(CommandTree& tree);
std::string help_of(const CLI::App& command);
// "dataflow stream create"
std::string path_of(const CLI::App& command);
// The command that the arguments name, as deep as they name one.
CLI::App& deepest_command(CLI::App& root, const std::vector<std::string>& arguments);
// The unknown command in the arguments, in words with the nearest name; empty if there is none.
std::string unknown_command(CLI::App& root, const std::vector<std::string>& arguments);
// The same for an unknown option.
std::string unknown_option(CLI::App& root, const std::vector<std::string>& arguments);

// A program for the shell that completes the tree's names.
Result<std::string> completion_script(const CLI::App& root, const std::string& shell);

// Each declares its commands below tree.root.
void add_emulator_commands(CommandTree& tree);
void add_stream_commands(CommandTree& tree);
void add_publish_command(CommandTree& tree);
void add_consume_command(CommandTree& tree);
void add_group_commands(CommandTree& tree);
void add_config_commands(CommandTree& tree);
void add_pipeline_commands(CommandTree& tree);
void add_run_command(CommandTree& tree);
void add_status_command(CommandTree& tree);
void add_plugins_command(CommandTree& tree);
void add_doctor_command(CommandTree& tree);
void add_log_commands(CommandTree& tree);
void add_shell_commands(CommandTree& tree);  // version, completion

}  // namespace dataflow::cli
