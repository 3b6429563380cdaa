// dataflow sql
#include "cli/sql_command.h"

#include <CLI/CLI.hpp>

#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "cli/sql/sql_shell.h"

namespace dataflow::cli {
namespace {

struct SqlOptions {
  std::vector<std::string> texts;
  std::vector<std::string> files;
  std::string format;
  std::vector<std::string> settings;
  bool keeps_going = false;
};

Result<ShellLook> look_of(const Session& session, const SqlOptions& options) {
  ShellLook look;
  look.wide = session.wide();
  if (!options.format.empty()) {
    DF_ASSIGN_OR_RETURN(look.format, parse_sql_format(options.format));
  } else if (session.structured()) {
    look.format = session.format() == OutputFormat::kJson ? SqlFormat::kJson : SqlFormat::kYaml;
  }
  return look;
}

Result<SqlClient::Settings> settings_of(const SqlOptions& options) {
  SqlClient::Settings settings;
  for (const std::string& setting : options.settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      return usage_error("--session-setting " + setting + ": write it as KEY=VALUE");
    }
    settings[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return settings;
}

Status run_scripts(SqlShell& shell, const SqlOptions& options) {
  Status first;
  const auto note = [&](const Status& status) {
    if (first.ok()) first = status;
    return options.keeps_going && exit_code_of(status) == ExitCode::kFailed &&
           status.message().empty();
  };
  for (const std::string& text : options.texts) {
    const Status status = shell.run_text(text, options.keeps_going);
    if (!status.ok() && !note(status)) return first;
  }
  for (const std::string& file : options.files) {
    const Status status = shell.run_file(file, options.keeps_going);
    if (!status.ok() && !note(status)) return first;
  }
  return first;
}

Status run_sql(Session& session, const SqlOptions& options) {
  DF_ASSIGN_OR_RETURN(const ShellLook look, look_of(session, options));
  DF_ASSIGN_OR_RETURN(SqlClient::Settings settings, settings_of(options));
  DF_ASSIGN_OR_RETURN(HttpEndpoint http, find_http_endpoint(session.endpoint()));
  SqlClient client(http, session.timeout_ms());
  UserTerminal terminal;
  const bool person = stdin_is_terminal() && stdout_is_terminal();
  SqlShell shell(session, client, look, person ? &terminal : nullptr);
  catch_interrupts();
  DF_RETURN_IF_ERROR(shell.open(std::move(settings)));
  Status status;
  if (!options.texts.empty() || !options.files.empty()) {
    status = run_scripts(shell, options);
  } else if (person) {
    status = shell.interact();
  } else {
    status = shell.run_file("-", options.keeps_going);
  }
  shell.leave();
  client.close();
  return status;
}

}  // namespace

void add_sql_command(CommandTree& tree) {
  CLI::App& command =
      add_command(*tree.root, "sql", "a shell for SQL, and scripts of it, on a server",
                  {"dataflow sql                                   statements as you write them",
                   "dataflow sql -c \"SHOW TABLES; SELECT 1 AS a\"    one statement, or several",
                   "dataflow sql -f report.sql --format csv        a script, its rows as CSV",
                   "dataflow sql -c \"SUBSCRIBE TO busiest\"         a view's rows as they change",
                   "dataflow sql -s parallelism.default=1 -f -     a script from standard input"});
  auto options = std::make_shared<SqlOptions>();
  command.add_option("-c,--command", options->texts, "run these statements, and end")
      ->type_name("SQL")
      ->allow_extra_args(false);
  command.add_option("-f,--file", options->files, "run a script, `-` standard input, and end")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      .add_option("--format", options->format,
                  "of rows: table, csv, json, markdown or yaml\n(default: that of -o)")
      ->type_name("ROWS");
  command
      .add_option("-s,--session-setting", options->settings,
                  "as SET 'KEY' = 'VALUE' before all else")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_flag("--keep-going", options->keeps_going,
                   "go on behind a statement that failed; the exit code\nis still 1");
  set_action(tree, command, [options](Session& session) { return run_sql(session, *options); });
}

}  // namespace dataflow::cli
