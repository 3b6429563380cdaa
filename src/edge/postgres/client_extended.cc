// Client: the extended query protocol.
#include "client.h"
#include "read_value.h"
#include "row_writer.h"
#include "type_map.h"

namespace dataflow::postgres {

bool Client::parse(const ParseMessage& message) {
  const std::string name(message.name);
  if (!name.empty() && statements_.contains(name)) {
    return refuse(sql_error(SqlState::kDuplicateStatement,
                            "prepared statement \"" + name + "\" already exists"),
                  Stage::kParse, nullptr);
  }
  statements_.erase(name);
  const std::vector<Span> spans = statements_of(message.query);
  if (spans.size() > 1) {
    return refuse(
        sql_error(SqlState::kSyntax, "cannot insert multiple commands into a prepared statement"),
        Stage::kParse, nullptr);
  }
  std::shared_ptr<Statement> statement = std::make_shared<Statement>();
  if (!spans.empty()) {
    ReadStatement one;
    const Status understood = read(message.query, spans[0], one);
    if (!understood.ok()) return refuse(understood, Stage::kParse, &one);
    Result<std::shared_ptr<Statement>> prepared = prepare(one, message.oids, false);
    if (!prepared.ok()) return refuse(prepared.status(), Stage::kPrepare, &one);
    statement = std::move(*prepared);
  }
  statements_[name] = std::move(statement);
  writer_.parse_complete();
  return true;
}

bool Client::bind(const BindMessage& message) {
  Result<std::shared_ptr<Portal>> portal = bound(message);
  if (!portal.ok()) return refuse(portal.status(), Stage::kExecute, nullptr);
  portals_[std::string(message.portal)] = std::move(*portal);
  writer_.bind_complete();
  return true;
}

Result<std::shared_ptr<Portal>> Client::bound(const BindMessage& message) {
  const std::string name(message.portal);
  const auto found = statements_.find(std::string(message.statement));
  if (found == statements_.end()) {
    return sql_error(
        SqlState::kNoStatement,
        "prepared statement \"" + std::string(message.statement) + "\" does not exist");
  }
  if (!name.empty() && portals_.contains(name)) {
    return sql_error(SqlState::kDuplicateCursor, "cursor \"" + name + "\" already exists");
  }
  auto portal = std::make_shared<Portal>();
  portal->statement = found->second;
  const Statement& statement = *portal->statement;
  static const std::vector<Type> kNone;
  const std::vector<Type>& types = statement.prepared ? statement.prepared->parameters() : kNone;
  if (message.parameters.size() != types.size()) {
    return sql_error(SqlState::kProtocolViolation,
                     "bind message supplies " + std::to_string(message.parameters.size()) +
                         " parameters, but the statement requires " + std::to_string(types.size()));
  }
  for (size_t i = 0; i < types.size(); ++i) {
    const std::vector<WireFormat>& formats = message.parameter_formats;
    const WireFormat format = formats.empty()       ? WireFormat::kText
                              : formats.size() == 1 ? formats[0]
                                                    : formats[i];
    const std::optional<std::string_view>& bytes = message.parameters[i];
    if (!bytes) {
      portal->parameters.push_back(Value::null(types[i]));
      continue;
    }
    DF_ASSIGN_OR_RETURN(Value value,
                        format == WireFormat::kBinary
                            ? read_value_binary(types[i], statement.parameter_oids[i], *bytes)
                            : read_value_text(types[i], *bytes));
    portal->parameters.push_back(std::move(value));
  }
  const std::vector<sql::OutputColumn>* columns = statement.columns();
  const size_t formats = message.result_formats.size();
  if (formats > 1 && (columns == nullptr || formats != columns->size())) {
    return sql_error(SqlState::kProtocolViolation,
                     "bind message has " + std::to_string(formats) +
                         " result formats but the query has " +
                         std::to_string(columns == nullptr ? 0 : columns->size()) + " columns");
  }
  portal->formats = message.result_formats;
  return portal;
}

bool Client::describe(const NamedMessage& message) {
  const std::string name(message.name);
  const Statement* statement = nullptr;
  const Portal* portal = nullptr;
  if (message.portal) {
    const auto found = portals_.find(name);
    if (found != portals_.end()) {
      portal = found->second.get();
      statement = portal->statement.get();
    }
  } else if (const auto found = statements_.find(name); found != statements_.end()) {
    statement = found->second.get();
    writer_.parameter_description(statement->parameter_oids);
  }
  if (statement == nullptr) {
    return refuse(message.portal
                      ? sql_error(SqlState::kNoCursor, "portal \"" + name + "\" does not exist")
                      : sql_error(SqlState::kNoStatement,
                                  "prepared statement \"" + name + "\" does not exist"),
                  Stage::kExecute, nullptr);
  }
  if (statement->columns() == nullptr) {
    writer_.no_data();
  } else {
    write_row_description(*statement, portal, out_);
  }
  return true;
}

// To close what is not there is no error.
bool Client::close(const NamedMessage& message) {
  if (message.portal) {
    portals_.erase(std::string(message.name));
  } else {
    statements_.erase(std::string(message.name));
  }
  writer_.close_complete();
  return true;
}

bool Client::execute_portal(const ExecuteMessage& message) {
  const Result<std::shared_ptr<Portal>> portal = find_portal(std::string(message.portal));
  if (!portal.ok()) return refuse(portal.status(), Stage::kExecute, nullptr);
  // Up to Sync all is one transaction. One with Sync right behind it is one by itself: what fails
  // it, up to the disk, stands in the place of its tag.
  if (!reader_.next_is_empty('S')) session_->open_batch();
  return run(**portal, message.max_rows, false, nullptr);
}

}  // namespace dataflow::postgres
