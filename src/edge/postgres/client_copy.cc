// Client: COPY … FROM STDIN, whose rows come as messages between a statement and its end.
#include "client.h"
#include "copy_into.h"

namespace dataflow::postgres {

// All rows are one transaction, and none is there where one fails.
bool Client::copy_in(Portal& portal, const ReadStatement* read) {
  const Statement& statement = *portal.statement;
  portal.done = true;
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
