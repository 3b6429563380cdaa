#include "cli/command_tree.h"

#include <CLI/CLI.hpp>

#include "base/edit_distance.h"

namespace dataflow::cli {
namespace {

constexpr const char* kGlobalGroup = "Options of every command";
constexpr size_t kHelpColumn = 30;

// Examples are kept in the footer, which help_of() prints itself.
std::string example_lines(const std::vector<std::string>& examples) {
  std::string text;
  for (const std::string& example : examples) text += "  " + example + "\n";
  return text;
}

std::string option_words(const CLI::Option& option) {
  std::string words;
  for (const std::string& name : option.get_snames()) words += (words.empty() ? "-" : ", -") + name;
  for (const std::string& name : option.get_lnames())
    words += (words.empty() ? "    --" : ", --") + name;
  if (option.get_expected_max() > 0 && option.get_type_size_max() > 0) {
    // Behind the name the library puts what the checks of the value say of themselves.
    const std::string name = option.get_type_name();
    words += " " + name.substr(0, std::min(name.find(":INT in"), name.find(":NONNEGATIVE")));
  }
  return words;
}

std::string help_line(const std::string& left, const std::string& right) {
  std::string line = "  " + left;
  if (line.size() + 2 > kHelpColumn) {
    line += "\n" + std::string(kHelpColumn, ' ');
  } else {
    line.resize(kHelpColumn, ' ');
  }
  std::string words = right;
  for (size_t at = words.find('\n'); at != std::string::npos; at = words.find('\n', at + 1)) {
    words.insert(at + 1, std::string(kHelpColumn, ' '));
  }
  return line + words + "\n";
}

std::string options_text(const CLI::App& command, const std::string& group) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    const bool shown = option->nonpositional() && option->get_group() == group;
    if (shown) text += help_line(option_words(*option), option->get_description());
  }
  return text;
}

std::vector<const CLI::App*> visible_commands(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
}

const CLI::App& root_of(const CLI::App& command) {
  const CLI::App* at = &command;
  while (at->get_parent() != nullptr) at = at->get_parent();
  return *at;
}

std::string usage_of(const CLI::App& command) {
  std::string text = "Usage: " + path_of(command);
  if (!visible_commands(command).empty()) text += " COMMAND";
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = option->get_name(true) + (option->get_expected_max() > 1 ? "..." : "");
    text += option->get_required() ? " " + name : " [" + name + "]";
  }
  return text + " [options]\n";
}

// The option that an argument such as "-o" or "--file=x" names, on the command or above it.
const CLI::Option* find_option(const CLI::App& command, const std::string& argument) {
  const std::string name = argument.substr(0, argument.find('='));
  for (const CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
    if (const CLI::Option* found = at->get_option_no_throw(name)) return found;
    const bool bundled = name.size() > 2 && name[1] != '-';
    if (!bundled) continue;
    if (const CLI::Option* found = at->get_option_no_throw(name.substr(0, 2))) return found;
  }
  return nullptr;
}

bool is_option(const std::string& argument) {
  return argument.size() > 1 && argument[0] == '-' && (argument[1] < '0' || argument[1] > '9');
}

// Whether the argument behind this one is its value.
bool takes_next(const CLI::Option& option, const std::string& argument) {
  const bool has_value =
      argument.find('=') != std::string::npos || (argument[1] != '-' && argument.size() > 2);
  return option.get_expected_max() > 0 && option.get_type_size_max() > 0 && !has_value;
}

struct Walk {
  CLI::App* command;
  std::string unknown_command;
  std::string unknown_option;
};

// Goes down the tree along the arguments.
Walk walk(CLI::App& root, const std::vector<std::string>& arguments) {
  Walk walk{&root, "", ""};
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") break;
    if (is_option(argument)) {
      const CLI::Option* option = find_option(*walk.command, argument);
      if (option == nullptr && walk.unknown_option.empty()) walk.unknown_option = argument;
      if (option != nullptr && takes_next(*option, argument)) ++i;
      continue;
    }
    if (walk.command->get_subcommands([](const CLI::App*) { return true; }).empty()) continue;
    const std::vector<CLI::App*> matching = walk.command->get_subcommands(
        [&](const CLI::App* sub) { return sub->get_name() == argument; });
    CLI::App* next = matching.empty() ? nullptr : matching.front();
    if (next == nullptr) {
      walk.unknown_command = argument;
      break;
    }
    walk.command = next;
  }
  return walk;
}

}  // namespace

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary,
                      const std::vector<std::string>& examples) {
  CLI::App* command = parent.add_subcommand(name, summary);
  command->footer(example_lines(examples));
  return *command;
}

CLI::App& add_command_group(CLI::App& parent, const std::string& name, const std::string& summary,
                            const std::vector<std::string>& examples) {
  CLI::App& command = add_command(parent, name, summary, examples);
  command.require_subcommand(1);
  return command;
}

void set_action(CommandTree& tree, CLI::App& command, Action action) {
  command.callback([&tree, action = std::move(action)] { tree.chosen = action; });
}

void hide_command(CLI::App& command) { command.group(""); }

void add_global_options(CommandTree& tree) {
  CLI::App& root = *tree.root;
  GlobalOptions& to = tree.globals;
  const auto add = [&](const std::string& names, std::string& value, const std::string& type,
                       const std::string& words) {
    root.add_option(names, value, words)->type_name(type)->group(kGlobalGroup);
  };
  add("-o,--output", to.output, "FORMAT", "table, wide, json or yaml (default table)");
  add("--server", to.endpoint.server, "HOST:PORT",
      "HTTP address of the server (DATAFLOW_ENDPOINT, then the\n"
      "profile in ~/.dataflow/config.yaml, then 127.0.0.1:8080)");
  add("--kafka", to.endpoint.kafka, "HOST:PORT",
      "go to this Kafka broker directly (DATAFLOW_KAFKA,\nthen the profile, then KAFKA_BROKER)");
  add("--profile", to.endpoint.profile, "NAME",
      "take this profile of ~/.dataflow/config.yaml (DATAFLOW_PROFILE)");
  add("--timeout", to.timeout, "TIME", "how long to wait for the server (default 30s)");
  root.add_flag("-q,--quiet", to.quiet, "no words on standard error but errors")
      ->group(kGlobalGroup);
}

std::string path_of(const CLI::App& command) {
  if (command.get_parent() == nullptr) return command.get_name();
  return path_of(*command.get_parent()) + " " + command.get_name();
}

std::string help_of(const CLI::App& command) {
  std::string text = command.get_description() + "\n\n" + usage_of(command);
  std::string arguments;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) {
      arguments += help_line(option->get_name(true), option->get_description());
    }
  }
  if (!arguments.empty()) text += "\nArguments:\n" + arguments;
  std::string commands;
  for (const CLI::App* sub : visible_commands(command)) {
    commands += help_line(sub->get_name(), sub->get_description());
  }
  if (!commands.empty()) text += "\nCommands:\n" + commands;
  const std::string own = options_text(command, "Options");
  if (!own.empty()) text += "\nOptions:\n" + own;
  text += "\n" + std::string(kGlobalGroup) + ":\n" + options_text(root_of(command), kGlobalGroup);
  const std::string examples = command.get_footer();
  if (!examples.empty()) text += "\nExamples:\n" + examples;
  return text;
}

CLI::App& deepest_command(CLI::App& root, const std::vector<std::string>& arguments) {
  return *walk(root, arguments).command;
}

std::string unknown_command(CLI::App& root, const std::vector<std::string>& arguments) {
  const Walk found = walk(root, arguments);
  if (found.unknown_command.empty()) return {};
  std::vector<std::string> names;
  for (const CLI::App* sub : visible_commands(*found.command)) names.push_back(sub->get_name());
  return "there is no command \"" + path_of(*found.command) + " " + found.unknown_command + "\"" +
         suggestion(found.unknown_command, names);
}

std::string unknown_option(CLI::App& root, const std::vector<std::string>& arguments) {
  const Walk found = walk(root, arguments);
  if (found.unknown_option.empty()) return {};
  std::vector<std::string> names;
  for (const CLI::App* at = found.command; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  const std::string name = found.unknown_option.substr(0, found.unknown_option.find('='));
  return path_of(*found.command) + " has no option " + name + suggestion(name, names);
}

}  // namespace dataflow::cli
