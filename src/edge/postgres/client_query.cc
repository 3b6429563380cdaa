// Client: statements run, and their rows go out.
#include <algorithm>

#include "client.h"
#include "row_writer.h"

namespace dataflow::postgres {
namespace {

constexpr uint64_t kRowsAtOnce = 1024;
constexpr size_t kSendBytes = 64 << 10;

}  // namespace

// All statements are read before the first one runs: one that cannot be read lets none run.
void Client::query(std::string_view text) {
  portals_.erase("");
  std::vector<ReadStatement> statements;
  for (const Span& span : statements_of(text)) {
    const Status understood = read(text, span, statements.emplace_back());
    if (!understood.ok()) {
      refuse(understood, Stage::kParse, &statements.back());
      return;
    }
  }
  if (statements.empty()) writer_.empty_query();
  // Several are one transaction, and so is what was sent in front of them without Sync.
  const bool batch = statements.size() > 1 || session_->in_batch();
  for (const ReadStatement& statement : statements) {
    if (batch) session_->open_batch();
    if (!run_simple(statement, &statement == &statements.back()) || lost_) return;
    end_transaction();
  }
  commit_batch(nullptr);
}

bool Client::run_simple(const ReadStatement& read, bool last) {
  const Result<std::shared_ptr<Statement>> statement = prepare(read, {}, true);
  if (!statement.ok()) return refuse(statement.status(), Stage::kPrepare, &read);
  if (!(*statement)->prepared->parameters().empty()) {
    return refuse(sql_error(SqlState::kUndefinedParameter, "there is no parameter $1"),
                  Stage::kPrepare, &read);
  }
  Portal portal;
  portal.statement = *statement;
  portal.commits = last;
  if (portal.statement->binary) portal.formats = {WireFormat::kBinary};
  return run(portal, 0, true, &read);
}

bool Client::run(Portal& portal, uint64_t limit, bool describe, const ReadStatement* read) {
  const Statement& statement = *portal.statement;
  if (!statement.prepared) {
    writer_.empty_query();
    return true;
  }
  if (portal.done) {
    if (portal.answer && portal.answer->rows) {
      complete(portal, 0);
      return true;
    }
    return refuse(sql_error(SqlState::kNotInState, "the portal has run already"), Stage::kExecute,
                  read);
  }
  if (!statement.copy_target.empty()) return copy_in(portal, read);
  if (!portal.answer && !execute(portal, read)) return false;
  if (!portal.answer->rows) {
    portal.done = true;
    if (portal.commits && !commit_batch(read)) return false;
    writer_.command_complete(portal.answer->tag);
    return true;
  }
  if (statement.copy) {
    write_copy_begin(statement, out_);
    limit = 0;
  } else if (describe) {
    write_row_description(statement, &portal, out_);
  }
  return send_rows(portal, limit, read);
}

bool Client::execute(Portal& portal, const ReadStatement* read) {
  const Statement& statement = *portal.statement;
  if (failed() && !statement.ends_transaction) {
    return refuse(in_failed_transaction(), Stage::kExecute, read);
  }
  Result<jobs::StatementAnswer> answer = statement.prepared->execute(portal.parameters);
  if (!answer.ok()) {
    portal.done = true;
    return refuse(answer.status(), Stage::kExecute, read);
  }
  for (const std::string& warning : answer->warnings) {
    ErrorFields fields;
    fields.severity = "WARNING";
    fields.sqlstate = "01000";
    fields.message = warning;
    writer_.notice(fields);
  }
  portal.answer = std::move(*answer);
  return true;
}

bool Client::send_rows(Portal& portal, uint64_t limit, const ReadStatement* read) {
  const Statement& statement = *portal.statement;
  uint64_t sent = 0;
  while (limit == 0 || sent < limit) {
    const uint64_t most = limit == 0 ? kRowsAtOnce : std::min(kRowsAtOnce, limit - sent);
    // Rows may be long in coming, and those that are there are wanted now.
    if (portal.answer->rows->may_wait()) flush();
    if (lost_ || gone_) return false;
    const Result<std::vector<jobs::Row>> rows = portal.answer->rows->next(most);
    if (!rows.ok()) {
      portal.done = true;
      return refuse(rows.status(), Stage::kExecute, read);
    }
    if (rows->empty()) {
      portal.done = true;
      if (portal.commits && !commit_batch(read)) return false;
      if (statement.copy) write_copy_end(statement, portal.rows_sent == 0, out_);
      complete(portal, sent);
      return true;
    }
    for (const jobs::Row& row : *rows) {
      if (statement.copy) {
        write_copy_row(statement, row, portal.rows_sent == 0, out_);
      } else {
        write_data_row(portal, row, out_);
      }
      ++portal.rows_sent;
      if (out_.size() > kSendBytes) flush();
    }
    sent += rows->size();
  }
  writer_.portal_suspended();
  return true;
}

void Client::complete(const Portal& portal, uint64_t rows) {
  const Statement& statement = *portal.statement;
  std::string tag = statement.copy ? "COPY" : portal.answer->tag;
  if (statement.copy || statement.counts) tag += " " + std::to_string(rows);
  writer_.command_complete(tag);
}

}  // namespace dataflow::postgres
