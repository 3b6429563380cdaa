// dataflow consume
#include <CLI/CLI.hpp>

#include "cli/command_tree.h"
#include "cli/consume.h"

namespace dataflow::cli {
namespace {

constexpr int64_t kMostMessages = 1'000'000'000'000'000;

}  // namespace

void add_consume_command(CommandTree& tree) {
  CLI::App& command =
      add_command(*tree.root, "consume", "read a stream's events",
                  {"dataflow consume user-events                       everything, then what comes",
                   "dataflow consume user-events --from 10m --exit     the last ten minutes",
                   "dataflow consume user-events --group analytics     as a member of a group",
                   "dataflow consume user-events -n 5 --format '%p/%o %k: %v\\n'",
                   "dataflow consume user-events -o json --exit | jq .value"});
  auto options = std::make_shared<Consume>();
  Consume& to = *options;
  command.add_option("STREAM", to.stream, "the stream")->required();
  command
      .add_option(
          "--from", to.from,
          "earliest, latest, an offset, -5 (the last five of each\npartition), a time, or 10m "
          "(ago) (default earliest, in a\ngroup where it left off)")
      ->type_name("WHERE");
  command.add_option("-g,--group", to.group, "join this consumer group and commit to it")
      ->type_name("GROUP");
  command.add_option("-n,--max-messages,--count", to.max_messages, "stop after so many events")
      ->type_name("N")
      ->check(CLI::Range(int64_t{0}, kMostMessages));
  command.add_flag("-e,--exit", to.exit_at_end, "stop at the end of the stream");
  command.add_flag("--follow", to.follow, "wait for more at the end (the default)");
  command.add_option("-p,--partition", to.partitions, "only this partition; may be repeated")
      ->type_name("N")
      ->allow_extra_args(false)
      ->check(CLI::Range(0, 1'000'000));
  CLI::Option* format = command.add_option(
      "-f,--format", to.format,
      "how an event is written: %t stream, %p partition, %o offset,\n%k key, %v value, %T "
      "timestamp, %h "
      "headers, %H their number,\n%K %S lengths of key and value; \\n \\t (default '%v\\n')");
  format->type_name("FORMAT");
  command.add_option("--isolation", to.isolation, "read_committed (default) or read_uncommitted")
      ->type_name("LEVEL");
  command.add_flag("--no-commit", to.no_commit, "as a group's member, commit nothing");
  set_action(tree, command, [options, format](Session& session) {
    options->has_format = format->count() > 0;
    return consume(session, *options);
  });
}

}  // namespace dataflow::cli
