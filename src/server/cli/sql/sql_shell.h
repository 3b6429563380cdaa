// The shell: statements and its own commands, from scripts or from a person at a terminal.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/session.h"
#include "cli/sql/line_editor.h"
#include "cli/sql/sql_client.h"
#include "cli/sql/statement_runner.h"
#include "cli/sql/statement_splitter.h"

namespace dataflow::cli {

class SqlShell {
 public:
  // `terminal`: where a person sits at it; may be none.
  SqlShell(Session& session, SqlClient& client, ShellLook look, UserTerminal* terminal)
      : session_(session),
        client_(client),
        look_(look),
        terminal_(terminal),
        runner_(session, client, look_, terminal) {}

  Status open(SqlClient::Settings settings) { return runner_.open(std::move(settings)); }
  // What failed has been shown: the Status then has no words.
  Status run_text(const std::string& text, bool keeps_going);
  // `-` is standard input.
  Status run_file(const std::string& path, bool keeps_going);
  // Until its user leaves.
  Status interact();
  // Behind all of it.
  void leave() { runner_.warn_of_open_transaction(); }

 private:
  class Script;

  Result<Outcome> run_part(const ScriptPart& part, const ScriptPlace& place);
  // A line that begins with `\`, or a word such as `help`.
  Result<Outcome> run_command(const std::string& line);
  Result<Outcome> describe(const std::string& name);
  Result<Outcome> list_relations(std::string_view kind);
  Result<Outcome> list_functions(const std::string& start);
  Outcome set_format(const std::string& name);
  Outcome edit_last();
  void print_help();
  Outcome refuse(const std::string& words);
  Status enter(const std::string& text);
  std::string prompt() const;
  Completion complete(const std::string& text, size_t cursor);

  Session& session_;
  SqlClient& client_;
  ShellLook look_;
  UserTerminal* terminal_;
  StatementRunner runner_;
  std::vector<SqlRelation> relations_;  // for completion, as of the first Tab of an entry
  bool relations_asked_ = false;
  std::string last_entry_;    // that was no command
  std::string to_be_edited_;  // what the next entry begins with
  bool left_ = false;
  size_t depth_ = 0;  // of files that run files
};

// Words that are commands where they stand alone: help, quit, exit.
bool is_shell_word(const std::string& text);

}  // namespace dataflow::cli
