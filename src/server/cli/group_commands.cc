// dataflow group list | describe | reset | delete
#include <CLI/CLI.hpp>

#include "cli/command_tree.h"
#include "cli/group_admin.h"

namespace dataflow::cli {
namespace {

void add_reset(CommandTree& tree, CLI::App& group) {
  CLI::App& command =
      add_command(group, "reset", "move where a group without members goes on reading",
                  {"dataflow group reset analytics --to earliest --dry-run",
                   "dataflow group reset analytics --to 2026-11-21T06:40:00Z",
                   "dataflow group reset analytics --to 1h --topic user-events",
                   "dataflow group reset analytics --shift -100   a hundred records back"});
  auto options = std::make_shared<GroupReset>();
  command.add_option("GROUP", options->group, "the group")->required();
  command
      .add_option("--to", options->to,
                  "earliest, latest, an offset, -5 (the last five), a time, or 10m (ago)")
      ->type_name("WHERE");
  command
      .add_option("--shift", options->shift,
                  "so many records on in each partition, -100 for a hundred back")
      ->type_name("N");
  command
      .add_option("--topic,--stream", options->topics,
                  "only this stream (default: all that the group has read);\nmay be repeated")
      ->type_name("STREAM")
      ->allow_extra_args(false);
  command.add_flag("--dry-run", options->dry_run, "show what would change, and change nothing");
  set_action(tree, command, [options](Session& session) { return reset_group(session, *options); });
}

void add_delete(CommandTree& tree, CLI::App& group) {
  struct Options {
    std::vector<std::string> groups;
    bool yes = false;
  };
  CLI::App& command =
      add_command(group, "delete", "delete groups without members, with their offsets",
                  {"dataflow group delete analytics --yes"});
  auto options = std::make_shared<Options>();
  command.add_option("GROUP", options->groups, "the groups")->required()->expected(1, 10'000);
  command.add_flag("-y,--yes", options->yes, "do not ask");
  set_action(tree, command, [options](Session& session) {
    return delete_groups(session, options->groups, options->yes);
  });
}

}  // namespace

void add_group_commands(CommandTree& tree) {
  CLI::App& group = add_command_group(*tree.root, "group", "show, reset and delete consumer groups",
                                      {"dataflow group list", "dataflow group describe analytics",
                                       "dataflow group reset analytics --to earliest"});
  CLI::App& list = add_command(group, "list", "list the groups",
                               {"dataflow group list", "dataflow group list -o json"});
  set_action(tree, list, [](Session& session) { return list_groups(session); });
  CLI::App& describe = add_command(
      group, "describe", "show a group's members, offsets and lag",
      {"dataflow group describe analytics", "dataflow group describe analytics -o json | jq .lag"});
  auto name = std::make_shared<std::string>();
  describe.add_option("GROUP", *name, "the group")->required();
  set_action(tree, describe, [name](Session& session) { return describe_group(session, *name); });
  add_reset(tree, group);
  add_delete(tree, group);
}

}  // namespace dataflow::cli
