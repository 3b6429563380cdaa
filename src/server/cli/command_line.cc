#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <csignal>

#include "base/logger.h"
#include "cli/command_tree.h"
#include "cli/exit_codes.h"
#include "cli/sql_command.h"

namespace dataflow::server {
namespace {

using cli::CommandTree;
using cli::ExitCode;

constexpr const char* kSummary =
    "DataFlow: a durable event log that speaks the Kafka protocol, in one program.";

const std::vector<std::string> kExamples = {
    "dataflow emulator start --background     a server of your own on this machine",
    "dataflow stream create user-events       a stream to publish to",
    "dataflow publish user-events '{\"n\":1}'   one event",
    "dataflow consume user-events --exit      everything that was published",
    "dataflow doctor                          what is wrong, and what to do",
};

int fail(const std::string& message, ExitCode code) {
  cli::say(cli::coloured_err(cli::Colour::kRed, "dataflow: ") + message);
  return static_cast<int>(code);
}

void declare_commands(CommandTree& tree) {
  cli::add_global_options(tree);
  cli::add_emulator_commands(tree);
  cli::add_stream_commands(tree);
  cli::add_publish_command(tree);
  cli::add_consume_command(tree);
  cli::add_group_commands(tree);
  cli::add_pipeline_commands(tree);
  cli::add_run_command(tree);
  cli::add_sql_command(tree);
  cli::add_status_command(tree);
  cli::add_plugins_command(tree);
  cli::add_doctor_command(tree);
  cli::add_config_commands(tree);
  cli::add_log_commands(tree);
  cli::add_shell_commands(tree);
  // Listed in the help; main() takes it before the command line is asked.
  cli::add_command(*tree.root, "server", "run the server itself (see dataflow server --help)", {});
}

int show_help(CLI::App& root, const std::vector<std::string>& arguments, bool asked) {
  const std::string text = cli::help_of(cli::deepest_command(root, arguments));
  if (asked) {
    cli::Output().write(text);
    return 0;
  }
  cli::say(text);
  return static_cast<int>(ExitCode::kUsage);
}

int explain_usage(CLI::App& root, const std::vector<std::string>& arguments,
                  const std::string& what) {
  std::string words = cli::unknown_command(root, arguments);
  if (words.empty()) words = cli::unknown_option(root, arguments);
  if (words.empty()) words = what;
  const std::string path = cli::path_of(cli::deepest_command(root, arguments));
  return fail(words + "\n  see: " + path + " --help", ExitCode::kUsage);
}

// An exit code, or -1 when the command is to run.
int parse(CommandTree& tree, const std::vector<std::string>& arguments) {
  CLI::App& root = *tree.root;
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    root.parse(reversed);
    return -1;
  } catch (const CLI::CallForHelp&) {
    return show_help(root, arguments, true);
  } catch (const CLI::ParseError& error) {
    const bool command_missing = cli::unknown_command(root, arguments).empty() &&
                                 cli::unknown_option(root, arguments).empty() &&
                                 !cli::deepest_command(root, arguments).get_subcommands({}).empty();
    if (command_missing) return show_help(root, arguments, false);
    return explain_usage(root, arguments, error.what());
  }
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  // What the rooms below have to say to an operator is not for the user of a command.
  set_log_level(LogLevel::kError);
  CLI::App root(kSummary, "dataflow");
  root.fallthrough();
  root.require_subcommand(1);
  root.set_help_flag("-h,--help", "this help");
  std::string examples;
  for (const std::string& example : kExamples) examples += "  " + example + "\n";
  root.footer(examples);
  CommandTree tree;
  tree.root = &root;
  declare_commands(tree);
  if (arguments.empty() || arguments[0] == "help") {
    const std::vector<std::string> rest(
        arguments.empty() ? arguments.begin() : arguments.begin() + 1, arguments.end());
    return show_help(root, rest, !arguments.empty());
  }
  if (arguments[0] == "--version") return run_command_line({"version"});
  const int code = parse(tree, arguments);
  if (code >= 0) return code;
  cli::Session session;
  Status status = session.prepare(tree.globals);
  if (status.ok()) status = tree.chosen(session);
  session.out().flush();
  if (session.out().closed() && cli::exit_code_of(status) != ExitCode::kInterrupted) return 0;
  if (status.ok()) status = session.out().status();
  if (status.ok()) return 0;
  const ExitCode exit_code = cli::exit_code_of(status);
  // Whoever pressed Ctrl-C knows.
  if (status.code() == StatusCode::kCancelled && exit_code != ExitCode::kFailed) {
    return static_cast<int>(exit_code);
  }
  if (status.message().empty()) return static_cast<int>(exit_code);
  return fail(status.message(), exit_code);
}

}  // namespace dataflow::server
