// One statement from its start to the last of its rows: what the shell shows while it runs, and how
// it is cancelled.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/session.h"
#include "cli/sql/row_writer.h"
#include "cli/sql/sql_client.h"
#include "cli/sql/user_terminal.h"

namespace dataflow::cli {

// What the user may change while the shell runs.
struct ShellLook {
  SqlFormat format = SqlFormat::kTable;
  bool wide = false;
  bool expanded = false;
  bool timing = false;
  bool pager = true;
};

// Where a statement stands in a script, for its errors; without a name they are shown as they come.
struct ScriptPlace {
  std::string name;
  size_t line = 1;
  size_t column = 1;
};

enum class Outcome { kDone, kFailed, kCancelled };

class StatementRunner {
 public:
  // `terminal`: where a person sits at it; may be none.
  StatementRunner(Session& session, SqlClient& client, const ShellLook& look,
                  UserTerminal* terminal)
      : session_(session), client_(client), look_(look), terminal_(terminal) {}

  Status open(SqlClient::Settings settings);
  // What failed has been shown. A Status is about the way to the server, or an interrupt.
  Result<Outcome> run(const std::string& text, const ScriptPlace& place);
  // Rows of the shell's own, as those of a statement.
  void show(const std::vector<SqlColumn>& columns, const std::vector<std::vector<Document>>& rows);
  // "none", "open" or "failed"
  const std::string& transaction() const { return transaction_; }
  // At the end of all: what the session ends with it.
  void warn_of_open_transaction();

 private:
  struct Running;

  Result<SqlStatement> start(const std::string& text);
  Status open_again();
  Result<Outcome> follow_to_end(SqlStatement statement, const ScriptPlace& place);
  Result<Outcome> wait_for_end(Running& running);
  Result<Outcome> print_rows(Running& running);
  Result<Outcome> watch_rows(Running& running);
  Result<Outcome> watch_until_ended(Running& running);
  Result<Outcome> cancel(Running& running);
  Result<SqlStatement> end_now(const std::string& id);
  Outcome fail(const SqlError& error, const ScriptPlace& place);
  void warn(const Running& running);
  void show_progress(Running& running);
  bool wants_end(std::string_view keys);
  RowLook row_look(bool endless) const;
  TextSink paged_sink();
  bool ask_for_more(size_t& lines_left);

  Session& session_;
  SqlClient& client_;
  const ShellLook& look_;
  UserTerminal* terminal_;
  SqlClient::Settings settings_;        // as given at the start
  std::vector<std::string> set_since_;  // SET and RESET, to be said again in a new session
  std::string transaction_ = "none";
  bool stopped_ = false;  // the user has seen enough of the rows
};

}  // namespace dataflow::cli
