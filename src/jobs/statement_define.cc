// Definitions and settings.
#include <algorithm>

#include "define_statement.h"
#include "script_answers.h"
#include "sql/parser.h"
#include "sql_flush.h"
#include "statement_run.h"

namespace dataflow::jobs {
namespace {

const char* kind_words(sql::ObjectKind kind) {
  switch (kind) {
    case sql::ObjectKind::kTable: return "TABLE";
    case sql::ObjectKind::kView: return "VIEW";
    case sql::ObjectKind::kMaterializedView: return "MATERIALIZED VIEW";
    case sql::ObjectKind::kFunction: return "FUNCTION";
    case sql::ObjectKind::kTest: return "TEST";
  }
  return "";
}

}  // namespace

// What is defined in a transaction is defined at once.
StatementAnswer StatementRun::defined(const std::string& tag) const {
  StatementAnswer answer = statement_done(tag);
  if (client_.transaction == TransactionState::kOpen) {
    answer.warnings.push_back(tag + " takes effect at once, whatever becomes of the transaction");
  }
  return answer;
}

StatementRun::Answer StatementRun::on(const sql::CreateTable& create) {
  if (create.as) return create_filled(create);
  DF_RETURN_IF_ERROR(client_.server.create(create, statement_.text, text_));
  return defined("CREATE TABLE");
}

// The table, then the rows that its query has now.
StatementRun::Answer StatementRun::create_filled(const sql::CreateTable& create) {
  DF_ASSIGN_OR_RETURN(const std::string name, sql::Catalog::plain_name(create.name, text_));
  if (create.if_not_exists && catalog_->find_table(name) != nullptr) return defined("CREATE TABLE");
  const auto refused = [&](const std::string& words) {
    return Status(StatusCode::kUnsupported,
                  sql::error_at(text_, create.name.place, words).message());
  };
  if (client_.transaction == TransactionState::kOpen) {
    return refused("CREATE TABLE … AS is not done in a transaction; CREATE TABLE, then INSERT");
  }
  if (create.or_replace) return refused("CREATE OR REPLACE TABLE … AS is not supported yet");
  DF_ASSIGN_OR_RETURN(const sql::CreateTable table,
                      table_of_query(create, *catalog_, client_.settings, text_));
  DF_RETURN_IF_ERROR(client_.server.create(table, statement_.text, text_));
  sql::Insert insert;
  insert.target = create.name;
  insert.query = create.as;
  Answer filled = fill(insert);
  if (filled.ok()) {
    filled->tag = "CREATE TABLE";
    return filled;
  }
  sql::Drop drop;
  drop.name = create.name;
  const Status gone = client_.server.drop(drop, text_);
  if (gone.ok()) return filled;
  return filled.status().with_context("table `" + name + "` is there, and not filled");
}

StatementRun::Answer StatementRun::on(const sql::CreateView& create) {
  StatementAnswer answer =
      defined(create.materialized ? "CREATE MATERIALIZED VIEW" : "CREATE VIEW");
  std::vector<std::string> warnings;
  DF_RETURN_IF_ERROR(
      client_.server.create(create, statement_.text, text_, client_.settings, warnings));
  std::ranges::move(warnings, std::back_inserter(answer.warnings));
  return answer;
}

StatementRun::Answer StatementRun::on(const sql::CreateFunction& create) {
  DF_RETURN_IF_ERROR(client_.server.create(create, statement_.text, text_));
  return defined("CREATE FUNCTION");
}

StatementRun::Answer StatementRun::on(const sql::Drop& drop) {
  DF_RETURN_IF_ERROR(client_.server.drop(drop, text_));
  return defined(std::string("DROP ") + kind_words(drop.kind));
}

StatementRun::Answer StatementRun::on(const sql::AlterTable& alter) {
  DF_RETURN_IF_ERROR(client_.server.alter(alter, text_));
  return defined(alter.view ? "ALTER VIEW" : "ALTER TABLE");
}

StatementRun::Answer StatementRun::on(const sql::Set& set) {
  if (set.reset) {
    const Status reset = client_.settings.reset(set.key);
    if (!reset.ok()) return sql::error_at(text_, statement_.place, reset.message());
    return statement_done("RESET");
  }
  if (set.key.empty()) return rows_answer("SHOW", show_settings(client_.settings).rows);
  const Status given = client_.settings.set(set.key, set.value);
  if (!given.ok()) return sql::error_at(text_, statement_.place, given.message());
  return statement_done("SET");
}

StatementRun::Answer StatementRun::on(const sql::Use& use) {
  DF_RETURN_IF_ERROR(used_name(use, text_).status());
  return statement_done("USE");
}

StatementRun::Answer StatementRun::on(const sql::Flush& flush_statement) {
  DF_RETURN_IF_ERROR(flush(client_, flush_statement, *catalog_, text_));
  return statement_done("FLUSH");
}

}  // namespace dataflow::jobs
