// dataflow log verify | repair
#include <CLI/CLI.hpp>

#include "cli/command_tree.h"
#include "cli/log_care.h"

namespace dataflow::cli {
namespace {

std::shared_ptr<LogCare> add_options(CLI::App& command) {
  auto options = std::make_shared<LogCare>();
  command.add_option("--data-dir", options->data_dir, "the server's data directory")
      ->type_name("DIR")
      ->required();
  command.add_option("--topic,--stream", options->topic, "only this stream")->type_name("STREAM");
  command.add_option("--partition", options->partition, "only this partition of it")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000));
  return options;
}

}  // namespace

void add_log_commands(CommandTree& tree) {
  CLI::App& group =
      add_command_group(*tree.root, "log", "look after the log of a stopped server",
                        {"dataflow log verify --data-dir ./data",
                         "dataflow log repair --data-dir ./data --topic user-events"});
  CLI::App& verify =
      add_command(group, "verify", "read every batch and check it; changes nothing",
                  {"dataflow log verify --data-dir ./data",
                   "dataflow log verify --data-dir ./data --topic user-events --partition 0"});
  auto verifying = add_options(verify);
  set_action(tree, verify,
             [verifying](Session& session) { return verify_log(session, *verifying); });
  CLI::App& repair = add_command(
      group, "repair", "make a damaged partition writable again; says which offsets are lost",
      {"dataflow log repair --data-dir ./data",
       "dataflow log repair --data-dir ./data --topic user-events --yes"});
  auto repairing = add_options(repair);
  repair.add_flag("-y,--yes", repairing->yes, "do not ask");
  set_action(tree, repair,
             [repairing](Session& session) { return repair_log(session, *repairing); });
}

}  // namespace dataflow::cli
