// What each statement of a session does: one object for a run of one statement. Queries, writes,
// definitions, answers about plans and transactions have a file each.
#pragma once

#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "jobs/run_once.h"
#include "sql_client.h"

namespace dataflow::jobs {

StatementAnswer statement_done(std::string tag);
StatementAnswer rows_answer(std::string tag, std::vector<Row> rows);

class StatementRun {
 public:
  StatementRun(SqlClient& client, std::shared_ptr<const sql::Catalog> catalog,
               const sql::StatementAst& statement, const std::string& text)
      : client_(client),
        parts_(client.server.parts()),
        statement_(statement),
        text_(text),
        catalog_(std::move(catalog)) {}

  Result<StatementAnswer> run();

 private:
  using Answer = Result<StatementAnswer>;

  Answer on(const sql::SelectStatement& select);
  Answer on(const sql::Insert& insert);
  Answer on(const sql::StatementSet& set) { return deploy(set.inserts); }
  Answer on(const sql::CreateTable& create);
  Answer on(const sql::CreateView& create);
  Answer on(const sql::CreateFunction& create);
  Answer on(const sql::Drop& drop);
  Answer on(const sql::AlterTable& alter);
  Answer on(const sql::Update& update);
  Answer on(const sql::Delete& remove);
  Answer on(const sql::Subscribe& what);
  Answer on(const sql::Set& set);
  Answer on(const sql::Show& what);
  Answer on(const sql::Describe& what);
  Answer on(const sql::Explain& explain);
  Answer on(const sql::Use& use);
  Answer on(const sql::Flush& flush);
  Answer on(const sql::Transaction& transaction);
  Answer on(const sql::CreateTest& test);

  Answer analyze(const sql::StatementAst& statement);
  Answer watermark(const sql::StatementAst& statement);
  std::string pipeline_of(const sql::StatementAst& statement) const;
  Result<bool> comes_to_an_end(const plan::Plan& plan);

  Status later(const std::string& what) const;
  StatementAnswer defined(const std::string& tag) const;
  Answer create_filled(const sql::CreateTable& create);
  Answer begin(const sql::Transaction& transaction);
  Answer at_savepoint(const sql::Transaction& transaction);
  Status name_query(sql::CompiledQuery& made) const;
  bool reads_own_writes(const plan::Plan& plan) const;
  // Its job reads what the open transaction has written, too; until the connectors forget it.
  Status show_own_writes(const plan::Plan& plan) const;
  Result<std::vector<Row>> rows_of(sql::CompiledQuery& made);
  std::optional<std::vector<Row>> read_by_key(const sql::CompiledQuery& made);
  Result<std::unique_ptr<RowStream>> stream_of(sql::CompiledQuery made);
  Result<std::vector<Row>> rows_in_order(plan::Plan plan);
  Result<RunReport> run_plan(plan::Plan plan);
  Answer deploy(const std::vector<sql::Insert>& inserts);
  // What the query has now.
  Result<bool> any_feeds_itself(const std::vector<sql::Insert>& inserts) const;
  Answer write_back(const sql::Table& table, sql::Compiled made, bool replaces);
  Answer fill(const sql::Insert& insert);
  Answer run_to_end(sql::Compiled made);
  Answer write(TableChanges changes, const std::string& tag);
  // While rows of the table are read to be replaced; in a batch up to its end.
  Result<std::unique_lock<std::timed_mutex>> hold_replacing(const std::string& table);
  // What is no part of a batch comes behind what that has written.
  Status leave_batch() { return client_.batch ? commit_pending(client_) : Status(); }
  Result<TableChanges> read_to_write(const sql::Table& table);
  Result<const sql::Table*> keyed_table(const sql::Name& name, const std::string& doing) const;
  Result<std::vector<Row>> rows_where(const sql::Table& table, const sql::ExpressionPtr& where,
                                      const std::vector<sql::ExpressionPtr>& columns);

  SqlClient& client_;
  const SqlParts& parts_;
  const sql::StatementAst& statement_;
  const std::string& text_;
  const std::shared_ptr<const sql::Catalog> catalog_;
};

}  // namespace dataflow::jobs
