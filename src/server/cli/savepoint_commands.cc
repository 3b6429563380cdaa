#include "cli/savepoint_commands.h"

#include "cli/escaped_path.h"
#include "cli/exit_codes.h"
#include "cli/pipeline_report.h"

namespace dataflow::cli {
namespace {

void add_savepoint(CommandTree& tree, CLI::App& group) {
  struct Options {
    std::string pipeline;
    std::string name;
  };
  CLI::App& command = add_command(
      group, "savepoint", "keep a pipeline's state, to begin another one with it",
      {"dataflow pipeline savepoint meeting-counts --name before-upgrade",
       "dataflow pipeline deploy counts2.yaml --from-savepoint meeting-counts/before-upgrade"});
  auto options = std::make_shared<Options>();
  command.add_option("PIPELINE", options->pipeline, "the pipeline, running or not")->required();
  command.add_option("--name", options->name, "the savepoint's name (default: that of the moment)");
  set_action(tree, command, [options](Session& session) -> Status {
    const std::string path = "/api/v1/pipelines/" + escaped(options->pipeline) +
                             "/savepoint?savepoint=" + escaped(options->name);
    DF_ASSIGN_OR_RETURN(const Document page, ask_pipelines(session, "POST", path));
    print_pipeline(session, page);
    return {};
  });
}

void add_savepoints(CommandTree& tree, CLI::App& group) {
  CLI::App& command =
      add_command(group, "savepoints", "list savepoints, or delete one",
                  {"dataflow pipeline savepoints",
                   "dataflow pipeline savepoints --delete meeting-counts/before-upgrade"});
  auto removed = std::make_shared<std::string>();
  command.add_option("--delete", *removed, "delete this one")->type_name("PIPELINE/NAME");
  set_action(tree, command, [removed](Session& session) -> Status {
    if (removed->empty()) {
      DF_ASSIGN_OR_RETURN(const Document page, ask_pipelines(session, "GET", "/api/v1/savepoints"));
      print_savepoints(session, page);
      return {};
    }
    const size_t slash = removed->rfind('/');
    if (slash == std::string::npos) {
      return usage_error("--delete " + *removed + ": write it as PIPELINE/NAME");
    }
    const std::string path = "/api/v1/savepoints/" + escaped(removed->substr(0, slash)) + "/" +
                             escaped(removed->substr(slash + 1));
    DF_ASSIGN_OR_RETURN(const Document page, ask_pipelines(session, "DELETE", path));
    print_pipeline(session, page);
    return {};
  });
}

}  // namespace

void add_savepoint_commands(CommandTree& tree, CLI::App& group) {
  add_savepoint(tree, group);
  add_savepoints(tree, group);
}

}  // namespace dataflow::cli
