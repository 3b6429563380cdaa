// Completion scripts for the shells, out of the tree of commands.
#include <CLI/CLI.hpp>
#include <map>

#include "cli/command_tree.h"
#include "cli/exit_codes.h"
#include "server_options.h"

namespace dataflow::cli {
namespace {

// What may stand as a value: "files", "dirs", "streams", "groups" (asked of the server), "none", or
// the words themselves.
using Kind = std::string;

struct Choice {
  std::string name;  // a command, or an option with its dashes
  std::string words;
  Kind value;  // of an option that takes one; otherwise empty
};

// One command: its words below the program's name, and what may follow.
struct Place {
  std::string path;  // "stream create"; empty for the program itself
  std::vector<Choice> commands;
  std::vector<Choice> options;  // its own; those of every command are the program's
  Kind argument = "none";
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// By the name of the thing that the help says is wanted.
Kind kind_of(const std::string& wanted) {
  static const std::map<std::string, Kind> kKinds = {
      {"FILE", "files"},
      {"DIR", "dirs"},
      {"STREAM", "streams"},
      {"GROUP", "groups"},
      {"WHERE", "earliest latest"},
      {"CODEC", "none gzip snappy lz4 zstd"},
      {"ACKS", "all 1 0"},
      {"FORM", "json ndjson csv text"},
      {"ROWS", "table csv json markdown yaml"},
      {"LEVEL", "read_committed read_uncommitted"},
      {"SHELL", "bash zsh fish"},
  };
  const auto found = kKinds.find(wanted.substr(0, wanted.find(':')));
  return found == kKinds.end() ? "none" : found->second;
}

Kind value_of(const CLI::Option& option) {
  if (option.get_expected_max() == 0 || option.get_type_size_max() == 0) return {};
  if (option.check_lname("output")) return "table wide json yaml";
  return kind_of(option.get_type_name());
}

void add_options(const CLI::App& command, Place& place) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) place.argument = kind_of(option->get_name(true));
    const std::string words = first_line(option->get_description());
    for (const std::string& name : option->get_lnames()) {
      place.options.push_back({"--" + name, words, value_of(*option)});
    }
    for (const std::string& name : option->get_snames()) {
      place.options.push_back({"-" + name, words, value_of(*option)});
    }
  }
}

// The server's flags are not the command line's: main() hands them on.
void add_server_options(Place& place) {
  place.options.push_back({"--config", "the server's YAML file", "files"});
  for (const Option& option : server::server_schema().options()) {
    place.options.push_back({option.flag, option.doc, option.name == "data_dir" ? "dirs" : "none"});
  }
}

void collect(const CLI::App& command, const std::string& path, std::vector<Place>& out) {
  Place place;
  place.path = path;
  const auto below =
      command.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
  for (const CLI::App* sub : below)
    place.commands.push_back({sub->get_name(), sub->get_description(), ""});
  add_options(command, place);
  if (path == "server") add_server_options(place);
  // One --help is enough: the program's own.
  if (!path.empty()) {
    std::erase_if(place.options,
                  [](const Choice& o) { return o.name == "--help" || o.name == "-h"; });
  }
  out.push_back(std::move(place));
  for (const CLI::App* sub : below) {
    collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), out);
  }
}

std::string names_of(const std::vector<Choice>& choices) {
  std::string names;
  for (const Choice& choice : choices) names += (names.empty() ? "" : " ") + choice.name;
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
  local word path="" kind i
  COMPREPLY=()
  local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    case " $(_dataflow_commands "$path") " in
      *" $word "*) path="${path:+$path }$word" ;;
    esac
  done
  if [[ "$current" == -* ]]; then
    kind="$(_dataflow_options "$path") $(_dataflow_options "")"
  else
    [[ "$before" == -* ]] && kind="$(_dataflow_value "$path" "$before")"
    [[ -n "$kind" ]] || kind="$(_dataflow_commands "$path")"
    [[ -n "$kind" ]] || kind="$(_dataflow_argument "$path")"
  fi
  case "$kind" in
    none) return ;;
    files|dirs)
      local IFS=$'\n'
      compopt -o filenames 2>/dev/null
      if [[ "$kind" == files ]]; then COMPREPLY=($(compgen -f -- "$current"))
      else COMPREPLY=($(compgen -d -- "$current")); fi
      return ;;
    streams|groups) kind="$("${COMP_WORDS[0]}" complete "$kind" --timeout 2s 2>/dev/null)" ;;
  esac
  COMPREPLY=($(compgen -W "$kind" -- "$current"))
}
)SCRIPT";

std::string bash_case(const std::string& place, const std::string& words) {
  return "    \"" + place + "\") echo " + quoted(words) + " ;;\n";
}

std::string bash_script(const std::vector<Place>& places) {
  std::string commands = "_dataflow_commands() {\n  case \"$1\" in\n";
  std::string options = "_dataflow_options() {\n  case \"$1\" in\n";
  std::string arguments = "_dataflow_argument() {\n  case \"$1\" in\n";
  // An option of every command stands behind all places.
  std::string values = "_dataflow_value() {\n  case \"$1:$2\" in\n";
  std::string common;
  for (const Place& place : places) {
    if (!place.commands.empty()) commands += bash_case(place.path, names_of(place.commands));
    options += bash_case(place.path, names_of(place.options));
    arguments += bash_case(place.path, place.argument);
    for (const Choice& option : place.options) {
      if (option.value.empty()) continue;
      if (place.path.empty()) {
        common += "    *:" + option.name + ") echo " + quoted(option.value) + " ;;\n";
      } else {
        values += bash_case(place.path + ":" + option.name, option.value);
      }
    }
  }
  const std::string end = "  esac\n}\n";
  return kBashHead + commands + end + options + end + arguments + end + values + common + end +
         "complete -F _dataflow dataflow dataflow-cli\n";
}

// In zsh's "name:description" a colon in the name would end it; in ours there is none.
std::string zsh_list(const std::vector<Choice>& choices) {
  std::string out;
  for (const Choice& choice : choices) out += " " + quoted(choice.name + ":" + choice.words);
  return out;
}

constexpr const char* kZshHead = R"SCRIPT(#compdef dataflow dataflow-cli
# zsh completion for dataflow: dataflow completion zsh > "${fpath[1]}/_dataflow"
_dataflow() {
  local path_so_far="" word kind="" argument i
  local -a commands options names own
  local -A values
  for ((i = 2; i < CURRENT; i++)); do
    word="${words[i]}"
    _dataflow_place "$path_so_far"
    names=("${commands[@]%%:*}")
    if (( ${names[(Ie)$word]} )); then path_so_far="${path_so_far:+$path_so_far }$word"; fi
  done
  _dataflow_place ""
  own=("${options[@]}")
  _dataflow_place "$path_so_far"
  [[ -n "$path_so_far" ]] && options+=("${own[@]}")
  if [[ "${words[CURRENT]}" == -* ]]; then
    _describe option options
    return
  fi
  kind="${values[${words[CURRENT-1]}]}"
  if [[ -z "$kind" ]] && (( ${#commands} )); then
    _describe command commands
    return
  fi
  case "${kind:-$argument}" in
    none) ;;
    files) _files ;;
    dirs) _files -/ ;;
    streams|groups)
      names=(${(f)"$("${words[1]}" complete "${kind:-$argument}" --timeout 2s 2>/dev/null)"})
      compadd -a names ;;
    *) compadd -- ${=${kind:-$argument}} ;;
  esac
}
)SCRIPT";

std::string zsh_values(const std::vector<Choice>& options) {
  std::string out;
  for (const Choice& option : options) {
    if (!option.value.empty()) out += " '" + option.name + "' " + quoted(option.value);
  }
  return out;
}

std::string zsh_script(const std::vector<Place>& places) {
  std::string text =
      std::string(kZshHead) +
      "# The values of the options that every command has stay from place to place.\n"
      "_dataflow_place() {\n  commands=() options=()\n  case \"$1\" in\n";
  for (const Place& place : places) {
    text += "    \"" + place.path + "\")\n      commands=(" + zsh_list(place.commands) +
            " )\n      options=(" + zsh_list(place.options) + " )\n      values+=(" +
            zsh_values(place.options) + " )\n      argument='" + place.argument + "' ;;\n";
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
function __dataflow_names
  set -l program (commandline -opc)[1]
  $program complete $argv --timeout 2s 2>/dev/null
end
)SCRIPT";

// What fish offers as the value, behind a `complete` that names its place.
std::string fish_offer(const Kind& kind) {
  if (kind == "none") return " -f";
  if (kind == "files") return " -F";
  if (kind == "dirs") return " -f -a '(__fish_complete_directories)'";
  if (kind == "streams" || kind == "groups") return " -f -a '(__dataflow_names " + kind + ")'";
  return " -f -a " + quoted(kind);
}

std::string fish_option(const std::string& start, const Choice& option) {
  const bool is_long = option.name.starts_with("--");
  return start + (is_long ? " -l " : " -s ") + option.name.substr(is_long ? 2 : 1) +
         (option.value.empty() ? "" : " -r" + fish_offer(option.value)) + " -d " +
         quoted(option.words) + "\n";
}

std::string fish_script(const std::vector<Place>& places) {
  std::string text = kFishHead;
  for (const std::string program : {"dataflow", "dataflow-cli"}) {
    const std::string start = "complete -c " + program + " ";
    text += start + "-f\n";
    for (const Place& place : places) {
      const std::string words = place.path.empty() ? "" : " " + place.path;
      const std::string at = start + "-n '__dataflow_at" + words + "'";
      const std::string just_at = start + "-f -n '__dataflow_just_at" + words + "' -a ";
      for (const Choice& command : place.commands) {
        text += just_at;
        text += command.name + " -d " + quoted(command.words) + "\n";
      }
      for (const Choice& option : place.options) text += fish_option(at, option);
      if (place.argument != "none") text += at + fish_offer(place.argument) + "\n";
    }
  }
  return text;
}

}  // namespace

Result<std::string> completion_script(const CLI::App& root, const std::string& shell) {
  std::vector<Place> places;
  collect(root, "", places);
  if (shell == "bash") return bash_script(places);
  if (shell == "zsh") return zsh_script(places);
  if (shell == "fish") return fish_script(places);
  return usage_error("there is no completion for " + shell +
                     "; there is one for bash, zsh and fish");
}

}  // namespace dataflow::cli
