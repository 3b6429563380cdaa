// dataflow stream create | list | describe | alter | delete
#include <CLI/CLI.hpp>

#include "cli/command_tree.h"
#include "cli/stream_admin.h"

namespace dataflow::cli {
namespace {

void add_create(CommandTree& tree, CLI::App& stream) {
  CLI::App& command =
      add_command(stream, "create", "create a stream",
                  {"dataflow stream create user-events",
                   "dataflow stream create user-events --partitions 12 --retention 7d",
                   "dataflow stream create accounts --config cleanup.policy=compact",
                   "dataflow stream create logs -c segment.bytes=64MiB -c segment.ms=1h"});
  auto options = std::make_shared<StreamCreate>();
  command.add_option("NAME", options->name, "the stream's name: letters, digits, . _ -")
      ->required();
  command
      .add_option("-p,--partitions", options->partitions,
                  "how many partitions (default: the server's)")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  command
      .add_option("--replication", options->replication,
                  "copies in a Kafka cluster (default: the server's)")
      ->type_name("N");
  command
      .add_option("--retention", options->retention, "how long records are kept: 7d, 12h, forever")
      ->type_name("TIME");
  command
      .add_option("--retention-bytes", options->retention_bytes,
                  "how much of each partition is kept: 10GiB, unlimited")
      ->type_name("SIZE");
  command
      .add_option("-c,--config", options->configs,
                  "a topic setting, as Kafka names it; may be repeated")
      ->type_name("K=V")
      ->allow_extra_args(false);
  command.add_flag("--if-not-exists", options->if_not_exists,
                   "no error if there is one of that name");
  set_action(tree, command,
             [options](Session& session) { return create_stream(session, *options); });
}

void add_list(CommandTree& tree, CLI::App& stream) {
  CLI::App& command = add_command(stream, "list", "list the streams",
                                  {"dataflow stream list", "dataflow stream list -o wide",
                                   "dataflow stream list -o json | jq -r '.[].name'"});
  auto internal = std::make_shared<bool>(false);
  command.add_flag("--internal", *internal, "with the server's own streams");
  set_action(tree, command,
             [internal](Session& session) { return list_streams(session, *internal); });
}

void add_describe(CommandTree& tree, CLI::App& stream) {
  CLI::App& command =
      add_command(stream, "describe", "show a stream's partitions and settings",
                  {"dataflow stream describe user-events",
                   "dataflow stream describe user-events -o wide   with every setting"});
  auto name = std::make_shared<std::string>();
  command.add_option("STREAM", *name, "the stream")->required();
  set_action(tree, command, [name](Session& session) { return describe_stream(session, *name); });
}

void add_alter(CommandTree& tree, CLI::App& stream) {
  CLI::App& command =
      add_command(stream, "alter", "add partitions to a stream, or change its settings",
                  {"dataflow stream alter user-events --partitions 24",
                   "dataflow stream alter user-events --retention 30d",
                   "dataflow stream alter user-events --delete-config retention.ms"});
  auto options = std::make_shared<StreamAlter>();
  command.add_option("STREAM", options->name, "the stream")->required();
  command
      .add_option("-p,--partitions", options->partitions,
                  "the new number of partitions, which can only grow")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  command
      .add_option("--retention", options->retention, "how long records are kept: 7d, 12h, forever")
      ->type_name("TIME");
  command
      .add_option("--retention-bytes", options->retention_bytes,
                  "how much of each partition is kept: 10GiB, unlimited")
      ->type_name("SIZE");
  command.add_option("-c,--config", options->configs, "a setting to change; may be repeated")
      ->type_name("K=V")
      ->allow_extra_args(false);
  command
      .add_option("--delete-config", options->deleted_configs,
                  "a setting that goes back to the server's default; may be repeated")
      ->type_name("K")
      ->allow_extra_args(false);
  set_action(tree, command,
             [options](Session& session) { return alter_stream(session, *options); });
}

void add_delete(CommandTree& tree, CLI::App& stream) {
  struct Options {
    std::vector<std::string> names;
    bool yes = false;
    bool if_exists = false;
  };
  CLI::App& command = add_command(stream, "delete", "delete streams with everything in them",
                                  {"dataflow stream delete user-events",
                                   "dataflow stream delete old-events older-events --yes"});
  auto options = std::make_shared<Options>();
  command.add_option("STREAM", options->names, "the streams")->required()->expected(1, 10'000);
  command.add_flag("-y,--yes", options->yes, "do not ask");
  command.add_flag("--if-exists", options->if_exists, "no error for one that is not there");
  set_action(tree, command, [options](Session& session) {
    return delete_streams(session, options->names, options->yes, options->if_exists);
  });
}

}  // namespace

void add_stream_commands(CommandTree& tree) {
  CLI::App& stream =
      add_command_group(*tree.root, "stream", "create, show, change and delete streams",
                        {"dataflow stream create user-events --partitions 12",
                         "dataflow stream list", "dataflow stream describe user-events"});
  add_create(tree, stream);
  add_list(tree, stream);
  add_describe(tree, stream);
  add_alter(tree, stream);
  add_delete(tree, stream);
}

}  // namespace dataflow::cli
