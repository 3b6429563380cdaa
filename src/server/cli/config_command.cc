// dataflow config print
#include <CLI/CLI.hpp>

#include "base/config.h"
#include "cli/command_tree.h"
#include "cli/exit_codes.h"
#include "server_options.h"

namespace dataflow::cli {
namespace {

Document value_of(const ConfigValue& value) {
  return std::visit([](const auto& held) { return Document(held); }, value.value);
}

Status print_config(Session& session, const std::string& yaml,
                    const std::map<std::string, std::string>& flags) {
  Result<Config> config =
      Config::load(server::server_schema(), server::server_sources(yaml, flags), posix_env());
  if (!config.ok()) return with_exit_code(config.status(), ExitCode::kValidation);
  Listing listing({{"name"},
                   {"value"},
                   {"origin"},
                   {"flag", CellKind::kText, true},
                   {"environment", CellKind::kText, true},
                   {"description", CellKind::kText, true}});
  for (const Config::Entry& entry : config->entries()) {
    const Document value =
        session.structured() ? value_of(entry.value) : Document(entry.value.text);
    listing.add({entry.option.name, value, entry.value.origin.place, entry.option.flag,
                 entry.option.environment, entry.option.doc});
  }
  print_listing(session.out(), session.format(), listing);
  const Status taken = server::server_settings(*config).status();
  if (taken.ok()) return {};
  return with_exit_code(taken.with_context("the server would refuse this"), ExitCode::kValidation);
}

}  // namespace

void add_config_commands(CommandTree& tree) {
  CLI::App& group = add_command_group(*tree.root, "config", "show the server's configuration",
                                      {"dataflow config print --config dataflow.yaml"});
  CLI::App& command = add_command(
      group, "print", "print each setting of the server, and where its value comes from",
      {"dataflow config print", "dataflow config print --config dataflow.yaml",
       "dataflow config print --data-dir ./data   with a flag as `dataflow server` takes it",
       "dataflow config print -o json | jq '.[] | select(.origin != \"default\")'"});
  auto yaml = std::make_shared<std::string>();
  command.add_option("--config", *yaml, "the server's YAML file")->type_name("FILE");
  // The server's own flags, by their names.
  auto values = std::make_shared<std::map<std::string, std::string>>();
  std::map<std::string, CLI::Option*> given;
  for (const Option& option : server::server_schema().options()) {
    CLI::Option* flag =
        command.add_option(option.flag, (*values)[option.flag], option.doc)->type_name("VALUE");
    if (option.type == OptionType::kBool) flag->expected(0, 1)->default_str("true");
    given[option.flag] = flag;
  }
  set_action(tree, command, [yaml, values, given](Session& session) {
    std::map<std::string, std::string> flags;
    for (const auto& [name, option] : given) {
      if (option->count() > 0) flags[name] = (*values)[name];
    }
    return print_config(session, *yaml, flags);
  });
}

}  // namespace dataflow::cli
