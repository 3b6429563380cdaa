// Client: COPY … FROM STDIN, whose rows come as messages between a statement and its end.
#include "base/lower_case.h"
#include "client.h"
#include "copy_into.h"
#include "expr/print.h"

namespace dataflow::postgres {
namespace {

// None: there is no such table or view.
const jobs::RelationFacts* find_relation(const std::vector<jobs::RelationFacts>& relations,
                                         const std::string& name) {
  const jobs::RelationFacts* found = nullptr;
  for (const jobs::RelationFacts& relation : relations) {
    if (relation.name == name) return &relation;
    if (lower_case(relation.name) == lower_case(name)) found = &relation;
  }
  return found;
}

}  // namespace

// What the columns are, a query of them says. Without a list they are those that INSERT fills.
Status Client::prepare_copy_in(const ReadStatement& read, Statement& out) {
  const OwnStatement& own = *read.own;
  const std::vector<jobs::RelationFacts> relations = around_.service.relations();
  const jobs::RelationFacts* const into = find_relation(relations, own.name);
  if (into != nullptr && into->filled.empty()) {
    return sql_error(SqlState::kUnsupported,
                     "COPY FROM writes into tables that the server keeps, and `" + into->name +
                         "` is none; INSERT INTO … SELECT writes elsewhere");
  }
  ReadStatement columns = read;
  out.copy = own.copy;
  out.copy_target = own.target;
  if (into != nullptr && own.list.empty()) {
    std::string list;
    for (const std::string& name : into->filled) {
      list += (list.empty() ? "" : ", ") + expr::name_to_sql(name);
    }
    out.copy_target += " (" + list + ")";
    columns.query = "SELECT " + list + " FROM " + own.target;
    DF_ASSIGN_OR_RETURN(std::vector<sql::StatementAst> parsed, session_->parse(columns.query));
    columns.ast = std::move(parsed.front());
  }
  return prepare_query(columns, {}, false, out);
}

// All rows are one transaction, and none is there where one fails.
bool Client::copy_in(Portal& portal, const ReadStatement* read) {
  const Statement& statement = *portal.statement;
  portal.done = true;
  if (failed()) return refuse(in_failed_transaction(), Stage::kExecute, read);
  std::vector<CopyColumn> columns;
  for (size_t i = 0; i < statement.prepared->columns()->size(); ++i) {
    const sql::OutputColumn& column = (*statement.prepared->columns())[i];
    columns.push_back({column.name, column.type, statement.oid_of_column(i)});
  }
  const bool binary = statement.copy->format == CopyFormat::kBinary;
  writer_.copy_in(binary ? WireFormat::kBinary : WireFormat::kText, columns.size());
  flush();
  session_->open_batch();
  CopyInto into(*session_, statement.copy_target, *statement.copy, std::move(columns));
  while (true) {
    const Result<std::optional<Message>> message = reader_.next();
    if (!message.ok() || !*message || (*message)->type == 'X') {
      lost_ = true;
      return false;
    }
    Status status;
    switch ((*message)->type) {
      case 'd': status = into.feed((*message)->payload); break;
      case 'c': status = into.finish(); break;
      case 'f': {
        const Result<std::string_view> why = read_text((*message)->payload);
        status = sql_error(SqlState::kQueryCanceled,
                           "COPY from stdin failed: " + std::string(why.ok() ? *why : ""));
        break;
      }
      // What was sent ahead, before the client knew that rows are waited for.
      case 'H':
      case 'S': continue;
      default:
        status =
            sql_error(SqlState::kProtocolViolation, "unexpected message during COPY from stdin");
    }
    if (!status.ok()) return refuse(status, Stage::kExecute, nullptr);
    if ((*message)->type != 'c') continue;
    // Where nothing comes behind it, it is there before that is said.
    const bool last = portal.commits || reader_.next_is_empty('S');
    if (last && !commit_batch(read)) return false;
    writer_.command_complete("COPY " + std::to_string(into.rows()));
    return true;
  }
}

}  // namespace dataflow::postgres
