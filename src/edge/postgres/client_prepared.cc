// Client: PREPARE and EXECUTE as statements. They share their names with those that the protocol
// prepares.
#include "cast_oids.h"
#include "client.h"

namespace dataflow::postgres {
namespace {

Status no_statement(const std::string& name) {
  return sql_error(SqlState::kNoStatement, "prepared statement \"" + name + "\" does not exist");
}

// The OIDs of types by their names, 0 for those that are none of ours.
std::vector<uint32_t> oids_of(const std::vector<std::string>& types) {
  if (types.empty()) return {};
  std::string query = "SELECT";
  for (size_t i = 0; i < types.size(); ++i) {
    query += (i == 0 ? " $" : ", $") + std::to_string(i + 1) + "::" + types[i];
  }
  return with_casts(query, std::vector<uint32_t>(types.size()));
}

}  // namespace

Status Client::prepare_prepare(const ReadStatement& read, Statement& out) {
  auto inner = std::make_shared<ReadStatement>(read);
  inner->own.reset();
  const auto run = [this, inner,
                    own = *read.own](const std::vector<Value>&) -> Result<jobs::StatementAnswer> {
    if (statements_.contains(own.name)) {
      return sql_error(SqlState::kDuplicateStatement,
                       "prepared statement \"" + own.name + "\" already exists");
    }
    DF_ASSIGN_OR_RETURN(statements_[own.name], prepare(*inner, oids_of(own.list), false));
    jobs::StatementAnswer answer;
    answer.tag = own.tag;
    return answer;
  };
  out.prepared = std::make_unique<OwnPrepared>(run);
  return {};
}

Status Client::prepare_execute(const OwnStatement& own, Statement& out) {
  const auto found = statements_.find(own.name);
  if (found == statements_.end() || !found->second->prepared) return no_statement(own.name);
  const std::shared_ptr<Statement> statement = found->second;
  const size_t wanted = statement->prepared->parameters().size();
  if (own.list.size() != wanted) {
    return sql_error(SqlState::kSyntax, "wrong number of parameters for prepared statement \"" +
                                            own.name + "\": it has " + std::to_string(wanted) +
                                            ", given are " + std::to_string(own.list.size()));
  }
  out.column_oids = statement->column_oids;
  out.column_names = statement->column_names;
  out.follows = statement->follows;
  out.counts = statement->counts;
  const auto run = [this, statement,
                    own](const std::vector<Value>&) -> Result<jobs::StatementAnswer> {
    DF_ASSIGN_OR_RETURN(const std::vector<Value> values, given_for(*statement, own));
    return statement->prepared->execute(values);
  };
  out.prepared = std::make_unique<OwnPrepared>(run, statement->prepared->columns());
  return {};
}

Result<std::vector<Value>> Client::given_for(const Statement& statement, const OwnStatement& own) {
  if (own.list.empty()) return std::vector<Value>();
  std::string text = "SELECT";
  for (size_t i = 0; i < own.list.size(); ++i) {
    text += (i == 0 ? " CAST((" : ", CAST((") + own.list[i] + ") AS " +
            statement.prepared->parameters()[i].to_string() + "), (" + own.list[i] + ") IS NULL";
  }
  DF_ASSIGN_OR_RETURN(const std::vector<sql::StatementAst> parsed, session_->parse(text));
  DF_ASSIGN_OR_RETURN(const auto query, session_->prepare(parsed.front(), text, {}));
  DF_ASSIGN_OR_RETURN(const jobs::StatementAnswer answer, query->execute({}));
  DF_ASSIGN_OR_RETURN(std::vector<jobs::Row> rows, answer.rows->next(1));
  if (rows.empty()) return sql_error(SqlState::kSyntax, "EXECUTE's parameters have no values");
  std::vector<Value> values;
  for (size_t i = 0; i < own.list.size(); ++i) {
    values.push_back(std::move(rows.front()[2 * i]));
    // A cast that cannot say a value says NULL.
    const Value& was_null = rows.front()[2 * i + 1];
    if (values.back().is_null() && (was_null.is_null() || !was_null.as_bool())) {
      return sql_error(SqlState::kOutOfRange, "value " + own.list[i] +
                                                  " is out of the range of parameter $" +
                                                  std::to_string(i + 1) + ", which is " +
                                                  statement.prepared->parameters()[i].to_string());
    }
  }
  return values;
}

}  // namespace dataflow::postgres
