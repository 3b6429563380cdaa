// dataflow run FILE.yaml, dataflow run FILE.sql
#include <CLI/CLI.hpp>

#include "cli/command_tree.h"
#include "cli/exit_codes.h"
#include "cli/pipeline_run.h"
#include "cli/script_run.h"

namespace dataflow::cli {

void add_run_command(CommandTree& tree) {
  CLI::App& command = add_command(
      *tree.root, "run", "run one pipeline, or a script of SQL, in this process, without a server",
      {"dataflow run counts.yaml                       until its sources end",
       "dataflow run counts.yaml --param TOPIC=orders  instead of the environment's",
       "dataflow run counts.yaml --data-dir state      goes on from there when run again",
       "dataflow run counts.yaml -o json               with a report for programs",
       "dataflow run report.sql                        statement after statement"});
  struct Options {
    PipelineRun run;
    std::vector<std::string> params;
  };
  auto options = std::make_shared<Options>();
  command.add_option("FILE", options->run.file, "the pipeline's YAML file, or a script FILE.sql")
      ->required();
  command
      .add_option("--param", options->params,
                  "a value for ${NAME} in the file, before the environment's")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command
      .add_option("--data-dir", options->run.data_dir,
                  "where state and log are kept (default: a folder that goes with the process)")
      ->type_name("DIR");
  command
      .add_option("--plugins-dir", options->run.plugins_dir,
                  "folder of plug-ins (default: DATAFLOW_PLUGINS_DIR, or `plugins` in --data-dir)")
      ->type_name("DIR");
  set_action(tree, command, [options](Session& session) -> Status {
    for (const std::string& param : options->params) {
      const size_t equals = param.find('=');
      if (equals == std::string::npos || equals == 0) {
        return usage_error("--param " + param + ": write it as NAME=VALUE");
      }
      options->run.params[param.substr(0, equals)] = param.substr(equals + 1);
    }
    if (options->run.file.ends_with(".sql")) {
      if (options->run.params.empty()) return run_sql_script(session, options->run);
      return usage_error("--param is for YAML files; a script says SET 'key' = 'value'");
    }
    return run_pipeline(session, options->run);
  });
}

}  // namespace dataflow::cli
