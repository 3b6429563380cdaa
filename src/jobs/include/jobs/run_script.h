// A script of SQL in this process, without a server: statement after statement. Each INSERT over
// sources that end runs to its end before the next statement is looked at.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "jobs/collect.h"
#include "jobs/run_once.h"
#include "sql/ast.h"
#include "sql/compile.h"

namespace dataflow::jobs {

// Rows that a statement gives: a SELECT's, or what SHOW and DESCRIBE tell.
struct ResultTable {
  std::vector<sql::OutputColumn> columns;
  std::vector<Row> rows;
};

// Who asked for the script: is told what it gives, and says where jobs keep their state.
class ScriptHost {
 public:
  virtual ~ScriptHost() = default;
  virtual void on_rows(const sql::StatementAst& statement, const ResultTable& table) = 0;
  // What is for people to read as it stands: a plan, a CREATE statement.
  virtual void on_text(const sql::StatementAst& statement, const std::string& text) = 0;
  // Done, with nothing to show: "table `t` created".
  virtual void on_done(const sql::StatementAst& statement, const std::string& words) = 0;
  virtual void on_warning(const sql::StatementAst& statement, const std::string& words) = 0;
  virtual void on_progress(const plan::Plan& plan, const engine::JobStatus& status) = 0;
  // A job that came to its end, or was interrupted.
  virtual void on_job(const sql::StatementAst& statement, const plan::Plan& plan,
                      const RunReport& report, double seconds) = 0;
  virtual bool interrupted() = 0;
  // The folder of the job's state; empty: none is kept. One with a `key`, which is that of the same
  // statement in every run of the script, may be gone on with; one without (empty) begins anew.
  // None: it had come to its end in a run of the script that did not, and is not run again.
  virtual Result<std::optional<std::string>> begin_job(const plan::Plan& plan,
                                                       const std::string& key) = 0;
  virtual Status end_job(const plan::Plan& plan, const std::string& key,
                         const RunReport& report) = 0;
};

struct ScriptParts {
  Env& env;
  engine::Engine& engine;         // over these connectors
  CollectConnectors& connectors;  // the outermost ones
};

// `file` is what errors call the script. The whole of it is read before anything runs: an error
// in its text, or in what a statement asks for, is kInvalid "FILE:LINE:COLUMN: what", the line and
// a caret. kCancelled where it was interrupted, of which on_job() has told.
Status run_script(const std::string& file, const std::string& text, const ScriptParts& parts,
                  ScriptHost& host);

// A value as a cell of a table: floats and timestamps as Flink shows them, NULL as "NULL".
std::string cell_text(const Value& value);

}  // namespace dataflow::jobs
