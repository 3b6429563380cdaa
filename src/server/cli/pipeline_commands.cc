// dataflow pipeline validate | test | deploy | list | describe | explain | stats | state | windows
// | logs | start | stop | pause | restart | checkpoint | delete; savepoint_commands.h has more
#include <CLI/CLI.hpp>

#include "base/env.h"
#include "cli/command_tree.h"
#include "cli/escaped_path.h"
#include "cli/exit_codes.h"
#include "cli/pipeline_report.h"
#include "cli/pipeline_test_command.h"
#include "cli/pipeline_watch.h"
#include "cli/savepoint_commands.h"
#include "jobs/pipeline_yaml.h"

namespace dataflow::cli {
namespace {

constexpr uint64_t kLargestFile = 1 << 20;

std::string path_of_pipeline(const std::string& name) {
  return "/api/v1/pipelines/" + escaped(name);
}

// The file with the variables that it uses, as this process has them.
Result<std::string> posted_body(const std::string& file) {
  DF_ASSIGN_OR_RETURN(const std::string text, posix_env().read_file(file, kLargestFile));
  Document used = Document::object();
  const jobs::Variables ours = jobs::environment_variables();
  const auto noted = [&](const std::string& name) {
    std::optional<std::string> value = ours(name);
    if (value && used.find(name) == nullptr) used.put(name, *value);
    return value;
  };
  // What is wrong with the file is told without a server. What operators of plug-ins give only the
  // server knows.
  const Status wrong = jobs::compile_pipeline(file, text, noted).status();
  if (!wrong.ok() && wrong.code() != StatusCode::kUnsupported) return wrong;
  Document body = Document::object();
  body.put("source", text);
  body.put("file", file);
  body.put("variables", std::move(used));
  return body.to_json();
}

void add_validate(CommandTree& tree, CLI::App& group) {
  CLI::App& command = add_command(
      group, "validate", "check a pipeline's file, and show what it would do",
      {"dataflow pipeline validate counts.yaml", "dataflow pipeline validate counts.yaml -o json"});
  auto file = std::make_shared<std::string>();
  command.add_option("FILE", *file, "the pipeline's YAML file")->required();
  set_action(tree, command, [file](Session& session) -> Status {
    DF_ASSIGN_OR_RETURN(const std::string body, posted_body(*file));
    DF_ASSIGN_OR_RETURN(const Document page,
                        ask_pipelines(session, "POST", "/api/v1/pipelines/validate", body));
    print_pipeline(session, page);
    return {};
  });
}

void add_deploy(CommandTree& tree, CLI::App& group) {
  struct Options {
    std::string file;
    bool no_start = false;
    bool replace = false;
    bool discard_state = false;
    std::string from_savepoint;
  };
  CLI::App& command = add_command(
      group, "deploy", "deploy a pipeline and start it",
      {"dataflow pipeline deploy counts.yaml", "dataflow pipeline deploy counts.yaml --no-start",
       "dataflow pipeline deploy counts.yaml --replace  keeps the state of steps that keep names",
       "dataflow pipeline deploy counts.yaml --replace --discard-state  begins it anew"});
  auto options = std::make_shared<Options>();
  command.add_option("FILE", options->file, "the pipeline's YAML file")->required();
  command.add_flag("--no-start", options->no_start, "deploy it, and leave it stopped");
  command.add_flag("--replace", options->replace, "take the place of the pipeline of this name");
  command.add_flag("--discard-state", options->discard_state,
                   "with --replace: delete the state of the one that is there");
  command
      .add_option("--from-savepoint", options->from_savepoint,
                  "begin with the state that this savepoint holds")
      ->type_name("PIPELINE/NAME");
  set_action(tree, command, [options](Session& session) -> Status {
    if (options->discard_state && !options->replace) {
      return usage_error("--discard-state goes with --replace only");
    }
    DF_ASSIGN_OR_RETURN(const std::string body, posted_body(options->file));
    const std::string path = std::string("/api/v1/pipelines?start=") +
                             (options->no_start ? "false" : "true") +
                             "&replace=" + (options->replace ? "true" : "false") +
                             "&discard_state=" + (options->discard_state ? "true" : "false") +
                             "&from_savepoint=" + escaped(options->from_savepoint);
    DF_ASSIGN_OR_RETURN(const Document page, ask_pipelines(session, "POST", path, body));
    print_pipeline(session, page);
    return {};
  });
}

// A command about one pipeline that is deployed.
struct OneCommand {
  std::string name;
  std::string summary;
  std::string method;
  std::string tail;  // of the path
  void (*print)(Session& session, const Document& page) = print_pipeline;
};

void add_one(CommandTree& tree, CLI::App& group, const OneCommand& one) {
  CLI::App& command = add_command(group, one.name, one.summary,
                                  {"dataflow pipeline " + one.name + " meeting-counts",
                                   "dataflow pipeline " + one.name + " meeting-counts -o json"});
  auto name = std::make_shared<std::string>();
  command.add_option("PIPELINE", *name, "the pipeline")->required();
  set_action(tree, command, [name, one](Session& session) -> Status {
    DF_ASSIGN_OR_RETURN(const Document page,
                        ask_pipelines(session, one.method, path_of_pipeline(*name) + one.tail));
    one.print(session, page);
    return {};
  });
}

// Live on a terminal; one page where programs read it.
void add_stats(CommandTree& tree, CLI::App& group) {
  struct Options {
    std::string name;
    bool once = false;
  };
  CLI::App& command =
      add_command(group, "stats", "show a pipeline's operators and splits, live on a terminal",
                  {"dataflow pipeline stats meeting-counts  ends with Ctrl-C",
                   "dataflow pipeline stats meeting-counts --once",
                   "dataflow pipeline stats meeting-counts -o json"});
  auto options = std::make_shared<Options>();
  command.add_option("PIPELINE", options->name, "the pipeline")->required();
  command.add_flag("--once", options->once, "on a terminal too: print once, and end");
  set_action(tree, command, [options](Session& session) -> Status {
    const std::string path = path_of_pipeline(options->name) + "/stats";
    if (stdout_is_terminal() && !session.structured() && !options->once) {
      return watch_stats(session, path);
    }
    DF_ASSIGN_OR_RETURN(const Document page, ask_pipelines(session, "GET", path));
    print_pipeline(session, page);
    return {};
  });
}

void add_delete(CommandTree& tree, CLI::App& group) {
  struct Options {
    std::string name;
    bool yes = false;
    bool force = false;
  };
  CLI::App& command =
      add_command(group, "delete", "end a pipeline, deliver what it owes and delete its state",
                  {"dataflow pipeline delete meeting-counts --yes",
                   "dataflow pipeline delete meeting-counts --force  also where a sink is down"});
  auto options = std::make_shared<Options>();
  command.add_option("PIPELINE", options->name, "the pipeline")->required();
  command.add_flag("-y,--yes", options->yes, "do not ask");
  command.add_flag("--force", options->force, "give up output that its sinks do not take");
  set_action(tree, command, [options](Session& session) -> Status {
    if (!options->yes) {
      DF_RETURN_IF_ERROR(confirm("Delete pipeline " + options->name + " with all its state?"));
    }
    const std::string path =
        path_of_pipeline(options->name) + (options->force ? "?force=true" : "");
    DF_ASSIGN_OR_RETURN(const Document page, ask_pipelines(session, "DELETE", path));
    print_pipeline(session, page);
    return {};
  });
}

}  // namespace

void add_pipeline_commands(CommandTree& tree) {
  CLI::App& group =
      add_command_group(*tree.root, "pipeline", "deploy, show and drive pipelines",
                        {"dataflow pipeline deploy counts.yaml", "dataflow pipeline list",
                         "dataflow pipeline stats meeting-counts"});
  add_validate(tree, group);
  add_deploy(tree, group);
  CLI::App& list = add_command(group, "list", "list the pipelines",
                               {"dataflow pipeline list", "dataflow pipeline list -o json"});
  set_action(tree, list, [](Session& session) -> Status {
    DF_ASSIGN_OR_RETURN(const Document page, ask_pipelines(session, "GET", "/api/v1/pipelines"));
    print_pipelines(session, page);
    return {};
  });
  add_pipeline_test(tree, group);
  add_stats(tree, group);
  for (const OneCommand& one : std::initializer_list<OneCommand>{
           {"describe", "show a pipeline with its plan", "GET", ""},
           {"explain", "show a pipeline's plan as a tree", "GET", "/explain"},
           {"state", "show what a pipeline's operators keep, in memory and on disk", "GET",
            "/state", print_state},
           {"windows", "show open windows, and why the oldest has not fired", "GET", "/windows",
            print_windows},
           {"logs", "show what befell a pipeline: starts, failures with their reasons, ends", "GET",
            "/logs", print_events},
           {"start", "start a pipeline where it left off", "POST", "/start"},
           {"stop", "end a pipeline with a checkpoint", "POST", "/stop"},
           {"pause", "stop a pipeline, to be started again", "POST", "/pause"},
           {"restart", "stop a pipeline and start it again", "POST", "/restart"},
           {"checkpoint", "take a checkpoint now", "POST", "/checkpoint"}}) {
    add_one(tree, group, one);
  }
  add_savepoint_commands(tree, group);
  add_delete(tree, group);
}

}  // namespace dataflow::cli
