// Completion scripts for the shells, out of the tree of commands.
#include <CLI/CLI.hpp>

#include "cli/command_tree.h"
#include "cli/exit_codes.h"

namespace dataflow::cli {
namespace {

// One command: its words below the program's name, and what may follow.
struct Place {
  std::string path;  // "stream create"; empty for the program itself
  std::vector<std::pair<std::string, std::string>> commands;  // name, summary
  std::vector<std::pair<std::string, std::string>> options;   // "--name", description
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void add_options(const CLI::App& command, Place& place) {
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      place.options.emplace_back("--" + name, first_line(option->get_description()));
    }
    for (const std::string& name : option->get_snames()) {
      place.options.emplace_back("-" + name, first_line(option->get_description()));
    }
  }
}

void collect(const CLI::App& root, const CLI::App& command, const std::string& path,
             std::vector<Place>& out) {
  Place place;
  place.path = path;
  const auto below =
      command.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
  for (const CLI::App* sub : below)
    place.commands.emplace_back(sub->get_name(), sub->get_description());
  add_options(command, place);
  if (&command != &root) add_options(root, place);
  out.push_back(std::move(place));
  for (const CLI::App* sub : below) {
    collect(root, *sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), out);
  }
}

std::string names_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string names;
  for (const auto& [name, words] : pairs) names += (names.empty() ? "" : " ") + name;
  return names;
}

// For single quotes in every one of the shells.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("’") : std::string(1, c);
  return out + "'";
}

// The part that finds out, from the words so far, which command is being written.
constexpr const char* kBashHead =
    R"SCRIPT(# bash completion for dataflow: source <(dataflow completion bash)
_dataflow() {
  local word path="" i
  COMPREPLY=()
  local current="${COMP_WORDS[COMP_CWORD]}"
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    case " $(_dataflow_commands "$path") " in
      *" $word "*) path="${path:+$path }$word" ;;
    esac
  done
  case "${COMP_WORDS[COMP_CWORD-1]}" in
    -o|--output) COMPREPLY=($(compgen -W "table wide json yaml" -- "$current")); return ;;
    -f|--file|--config|--data-dir) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$(_dataflow_options "$path")" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$(_dataflow_commands "$path")" -- "$current"))
  fi
}
)SCRIPT";

std::string bash_script(const std::vector<Place>& places) {
  std::string commands = "_dataflow_commands() {\n  case \"$1\" in\n";
  std::string options = "_dataflow_options() {\n  case \"$1\" in\n";
  for (const Place& place : places) {
    if (!place.commands.empty()) {
      commands += "    \"" + place.path + "\") echo " + quoted(names_of(place.commands)) + " ;;\n";
    }
    options += "    \"" + place.path + "\") echo " + quoted(names_of(place.options)) + " ;;\n";
  }
  const std::string end = "  esac\n}\n";
  return kBashHead + commands + end + options + end +
         "complete -o default -F _dataflow dataflow dataflow-cli\n";
}

// In zsh's "name:description" a colon in the name would end it; in ours there is none.
std::string zsh_list(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  for (const auto& [name, words] : pairs) out += " " + quoted(name + ":" + words);
  return out;
}

constexpr const char* kZshHead = R"SCRIPT(#compdef dataflow dataflow-cli
# zsh completion for dataflow: dataflow completion zsh > "${fpath[1]}/_dataflow"
_dataflow() {
  local path_so_far="" word i
  local -a commands options names
  for ((i = 2; i < CURRENT; i++)); do
    word="${words[i]}"
    _dataflow_place "$path_so_far"
    names=("${commands[@]%%:*}")
    if (( ${names[(Ie)$word]} )); then path_so_far="${path_so_far:+$path_so_far }$word"; fi
  done
  case "${words[CURRENT-1]}" in
    -o|--output) _values format table wide json yaml; return ;;
    -f|--file|--config|--data-dir) _files; return ;;
  esac
  _dataflow_place "$path_so_far"
  if [[ "${words[CURRENT]}" == -* ]]; then
    _describe option options
  elif (( ${#commands} )); then
    _describe command commands
  else
    _files
  fi
}
)SCRIPT";

std::string zsh_script(const std::vector<Place>& places) {
  std::string text =
      std::string(kZshHead) + "_dataflow_place() {\n  commands=() options=()\n  case \"$1\" in\n";
  for (const Place& place : places) {
    text += "    \"" + place.path + "\")\n      commands=(" + zsh_list(place.commands) +
            " )\n      options=(" + zsh_list(place.options) + " ) ;;\n";
  }
  return text +
         "  esac\n}\nif [ \"$funcstack[1]\" = _dataflow ]; then _dataflow \"$@\"; else compdef "
         "_dataflow dataflow dataflow-cli; fi\n";
}

constexpr const char* kFishHead =
    R"SCRIPT(# fish completion for dataflow, for a file in ~/.config/fish/completions
function __dataflow_at
  set -l wanted $argv
  set -l seen
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; or set -a seen $word
  end
  test (count $seen) -ge (count $wanted); or return 1
  for i in (seq (count $wanted))
    test "$seen[$i]" = "$wanted[$i]"; or return 1
  end
end
function __dataflow_just_at
  set -l seen 0
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; or set seen (math $seen + 1)
  end
  test $seen -eq (count $argv); and __dataflow_at $argv
end
)SCRIPT";

std::string fish_script(const std::vector<Place>& places) {
  std::string text = kFishHead;
  for (const std::string program : {"dataflow", "dataflow-cli"}) {
    for (const Place& place : places) {
      const std::string words = place.path.empty() ? "" : " " + place.path;
      for (const auto& [name, summary] : place.commands) {
        text += "complete -c " + program + " -f -n '__dataflow_just_at" + words + "' -a " + name +
                " -d " + quoted(summary) + "\n";
      }
      for (const auto& [name, words_of] : place.options) {
        const bool is_long = name.starts_with("--");
        text += "complete -c " + program + " -n '__dataflow_at" + words + "' " +
                (is_long ? "-l " : "-s ") + name.substr(is_long ? 2 : 1) + " -d " +
                quoted(words_of) + "\n";
      }
    }
  }
  return text;
}

}  // namespace

Result<std::string> completion_script(const CLI::App& root, const std::string& shell) {
  std::vector<Place> places;
  collect(root, root, "", places);
  if (shell == "bash") return bash_script(places);
  if (shell == "zsh") return zsh_script(places);
  if (shell == "fish") return fish_script(places);
  return usage_error("there is no completion for " + shell +
                     "; there is one for bash, zsh and fish");
}

}  // namespace dataflow::cli
