// dataflow version | completion, and the generator of demonstration events
#include <CLI/CLI.hpp>

#include "cli/command_tree.h"
#include "cli/demo_events.h"
#include "cli/exit_codes.h"

namespace dataflow::cli {
namespace {

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

  CLI::App& demo =
      add_command(*tree.root, "demo-events", "print made-up user events as JSON lines",
                  {"dataflow demo-events 1000 | dataflow publish user-events --file -"});
  hide_command(demo);
  auto count = std::make_shared<int64_t>(0);
  auto seed = std::make_shared<uint64_t>(1);
  demo.add_option("COUNT", *count, "how many")->required()->check(CLI::NonNegativeNumber);
  demo.add_option("--seed", *seed, "another seed gives other events (default 1)")->type_name("N");
  set_action(tree, demo, [count, seed](Session& session) {
    write_demo_events(session.out(), *count, *seed, posix_env().now().value());
    return Status();
  });
}

}  // namespace dataflow::cli
