// dataflow emulator start | status | stop | purge
#include <CLI/CLI.hpp>

#include "cli/command_tree.h"
#include "cli/emulator.h"

namespace dataflow::cli {

void add_emulator_commands(CommandTree& tree) {
  CLI::App& group =
      add_command_group(*tree.root, "emulator", "run a server of your own on this machine",
                        {"dataflow emulator start --background", "dataflow emulator status",
                         "dataflow emulator stop"});
  CLI::App& start =
      add_command(group, "start", "start it, and show its addresses",
                  {"dataflow emulator start                  until Ctrl-C",
                   "dataflow emulator start --background     until dataflow emulator stop",
                   "dataflow emulator start --any-port       on ports that are free"});
  auto options = std::make_shared<EmulatorStart>();
  start.add_flag("--any-port", options->any_port,
                 "take free ports instead of 9092, 8080, 9090 and 5433");
  start.add_flag("-b,--background", options->background, "go on when this command has ended");
  start
      .add_option("--data-dir", options->data_dir,
                  "where its data is (default ~/.dataflow/emulator/data)")
      ->type_name("DIR");
  set_action(tree, start,
             [options](Session& session) { return start_emulator(session, *options); });
  CLI::App& status =
      add_command(group, "status", "show whether it runs, and where",
                  {"dataflow emulator status", "dataflow emulator status -o json | jq -r .kafka"});
  set_action(tree, status, show_emulator);
  CLI::App& stop =
      add_command(group, "stop", "stop it; its data is kept", {"dataflow emulator stop"});
  set_action(tree, stop, stop_emulator);
  CLI::App& purge =
      add_command(group, "purge", "remove its data", {"dataflow emulator purge --yes"});
  auto yes = std::make_shared<bool>(false);
  purge.add_flag("-y,--yes", *yes, "do not ask");
  set_action(tree, purge, [yes](Session& session) { return purge_emulator(session, *yes); });
}

}  // namespace dataflow::cli
