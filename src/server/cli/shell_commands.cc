// dataflow version | completion, and the generator of demonstration events
#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/command_tree.h"
#include "cli/demo_events.h"
#include "cli/demo_meetings.h"
#include "cli/exit_codes.h"
#include "cli/group_admin.h"
#include "cli/moment.h"
#include "cli/publish.h"

namespace dataflow::cli {
namespace {

constexpr int64_t kMostEvents = 1'000'000'000'000;

Status print_version(Session& session) {
  if (!session.structured()) {
    session.out().write(std::string("dataflow ") + DATAFLOW_VERSION + "\n");
    return {};
  }
  Document object = Document::object();
  object.put("version", DATAFLOW_VERSION);
  print_document(session.out(), session.format(), object);
  return {};
}

// For the completion scripts: names, one on a line. Where there is nobody to ask, there are none.
Status print_names(Session& session, const std::string& what) {
  const auto print = [&](const std::string& name) { session.out().write(name + "\n"); };
  if (what == "streams") {
    DF_ASSIGN_OR_RETURN(std::unique_ptr<KafkaCluster> cluster, session.connect());
    DF_ASSIGN_OR_RETURN(std::vector<TopicPlace> topics, cluster->topics());
    for (const TopicPlace& topic : topics) print(topic.name);
    return {};
  }
  if (what == "groups") {
    DF_ASSIGN_OR_RETURN(std::vector<std::string> groups, group_names(session));
    for (const std::string& group : groups) print(group);
    return {};
  }
  return usage_error("there are names of streams and of groups");
}

void add_names_command(CommandTree& tree) {
  CLI::App& command = add_command(*tree.root, "complete", "print names for a completion script",
                                  {"dataflow complete streams", "dataflow complete groups"});
  hide_command(command);
  auto what = std::make_shared<std::string>();
  command.add_option("WHAT", *what, "streams or groups")->required();
  set_action(tree, command, [what](Session& session) { return print_names(session, *what); });
}

void add_demo_events(CommandTree& tree) {
  CLI::App& demo =
      add_command(*tree.root, "demo-events", "print made-up user events as JSON lines",
                  {"dataflow demo-events 1000 | dataflow publish user-events --file -"});
  hide_command(demo);
  auto count = std::make_shared<int64_t>(0);
  auto seed = std::make_shared<uint64_t>(1);
  demo.add_option("COUNT", *count, "how many")
      ->required()
      ->check(CLI::Range(int64_t{0}, kMostEvents));
  demo.add_option("--seed", *seed, "another seed gives other events (default 1)")->type_name("N");
  set_action(tree, demo, [count, seed](Session& session) {
    write_demo_events(session.out(), *count, *seed, posix_env().now().value());
    return Status();
  });
}

void add_demo_meetings(CommandTree& tree) {
  CLI::App& demo =
      add_command(*tree.root, "demo-meetings", "print made-up events of meetings as JSON lines",
                  {"dataflow demo-meetings 1000 --topic user_events",
                   "dataflow demo-meetings 1000 --topic chat_events --key-separator '|' |\n"
                   "    dataflow publish chat_events --file - --key-separator '|'"});
  hide_command(demo);
  auto options = std::make_shared<DemoMeetings>();
  auto rate = std::make_shared<std::string>();
  auto start = std::make_shared<std::string>();
  demo.add_option("COUNT", options->count, "how many, of all topics together")
      ->check(CLI::Range(int64_t{0}, kMostEvents));
  demo.add_option("--topic", options->topic,
                  "only those of user_events, chat_events or meeting_events")
      ->type_name("NAME");
  demo.add_option("--seed", options->seed, "another seed gives other events (default 1)")
      ->type_name("N");
  demo.add_option("--meetings", options->meetings, "how many meetings (default 12)")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000));
  demo.add_option("--rate", *rate, "so many of all topics: 100/s (default: all at once)")
      ->type_name("N/s");
  demo.add_option("--start", *start, "when the first one happens (default: the last one now)")
      ->type_name("TIME");
  demo.add_option("--key-separator", options->key_separator,
                  "put its meeting and this in front of each")
      ->type_name("TEXT");
  set_action(tree, demo, [options, rate, start](Session& session) -> Status {
    const bool known = std::find(std::begin(kMeetingTopics), std::end(kMeetingTopics),
                                 options->topic) != std::end(kMeetingTopics);
    if (!options->topic.empty() && !known) {
      return usage_error("--topic " + options->topic +
                         ": it is user_events, chat_events or meeting_events");
    }
    DF_ASSIGN_OR_RETURN(options->rate, parse_rate(*rate));
    if (!start->empty()) {
      DF_ASSIGN_OR_RETURN(options->start_ms, parse_moment(*start, posix_env().now().value()));
    }
    return write_demo_meetings(session.out(), *options);
  });
}

}  // namespace

void add_shell_commands(CommandTree& tree) {
  CLI::App& version = add_command(*tree.root, "version", "print the version", {"dataflow version"});
  set_action(tree, version, print_version);

  CLI::App& completion = add_command(
      *tree.root, "completion", "print a completion script for your shell",
      {"source <(dataflow completion bash)", "dataflow completion zsh > \"${fpath[1]}/_dataflow\"",
       "dataflow completion fish > ~/.config/fish/completions/dataflow.fish"});
  auto shell = std::make_shared<std::string>();
  completion.add_option("SHELL", *shell, "bash, zsh or fish")->required();
  const CLI::App* root = tree.root;
  set_action(tree, completion, [shell, root](Session& session) -> Status {
    DF_ASSIGN_OR_RETURN(std::string script, completion_script(*root, *shell));
    session.out().write(script);
    return {};
  });

  add_names_command(tree);
  add_demo_events(tree);
  add_demo_meetings(tree);
}

}  // namespace dataflow::cli
