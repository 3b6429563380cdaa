// Client: what is said to it and to no table.
#include "client.h"
#include "expr/print.h"
#include "jobs/rows_at_hand.h"

namespace dataflow::postgres {
namespace {

// Flink's name of a session's zone.
constexpr const char* kZoneKey = "'table.local-time-zone'";

}  // namespace

Result<jobs::StatementAnswer> Client::run_own(const OwnStatement& own) {
  jobs::StatementAnswer answer;
  answer.tag = own.tag;
  switch (own.kind) {
    case OwnKind::kSet: DF_RETURN_IF_ERROR(set(own, answer)); break;
    case OwnKind::kReset:
      if (own.name.empty()) {
        settings_.reset_all();
        DF_RETURN_IF_ERROR(set_value("TimeZone", std::nullopt));
      } else {
        DF_RETURN_IF_ERROR(set_value(own.name, std::nullopt));
      }
      break;
    case OwnKind::kShow: return show(own);
    case OwnKind::kMove: return move(own);
    case OwnKind::kClose: DF_RETURN_IF_ERROR(close_cursor(own)); break;
    case OwnKind::kDeallocate:
      if (own.name.empty()) {
        statements_.clear();
      } else if (statements_.erase(own.name) == 0) {
        return sql_error(SqlState::kNoStatement,
                         "prepared statement \"" + own.name + "\" does not exist");
      }
      break;
    case OwnKind::kIndex: answer.warnings.push_back(own.warning); break;
    case OwnKind::kDiscard: DF_RETURN_IF_ERROR(discard()); break;
    default: break;
  }
  return answer;
}

Status Client::set(const OwnStatement& own, jobs::StatementAnswer& answer) {
  const std::string name = ClientSettings::spelled(own.name);
  if (!own.local) {
    DF_RETURN_IF_ERROR(set_value(name, own.value));
    // It outlives the transaction, and what was local before it.
    before_local_.erase(name);
    return {};
  }
  if (session_->transaction() == jobs::TransactionState::kNone) {
    answer.warnings.push_back("SET LOCAL can only be used in transaction blocks");
    return {};
  }
  const std::optional<std::string> before = settings_.get(name);
  DF_RETURN_IF_ERROR(set_value(name, own.value));
  before_local_.emplace(name, before.value_or(std::string()));
  return {};
}

Status Client::set_value(const std::string& name, const std::optional<std::string>& value) {
  ClientSettings changed = settings_;
  DF_RETURN_IF_ERROR(value ? changed.set(name, *value) : changed.reset(name));
  if (ClientSettings::spelled(name) == "TimeZone") {
    const std::string zone = changed.get(name).value_or("UTC");
    if (zone != settings_.get(name) || !value) {
      const Status set =
          run_in_session(std::string("SET ") + kZoneKey + " = " + expr::quoted_text(zone));
      if (!set.ok()) {
        return sql_error(SqlState::kInvalidParameter,
                         "invalid value for parameter \"TimeZone\": \"" + zone + "\"");
      }
    }
  }
  settings_ = std::move(changed);
  return {};
}

Result<jobs::StatementAnswer> Client::show(const OwnStatement& own) {
  jobs::StatementAnswer answer;
  answer.tag = own.tag;
  std::vector<jobs::Row> rows;
  if (own.name.empty()) {
    for (const auto& [name, value] : settings_.all()) {
      rows.push_back({Value::string(name), Value::string(value)});
    }
  } else {
    rows.push_back({Value::string(settings_.get(own.name).value_or(std::string()))});
  }
  answer.rows = jobs::rows_at_hand(std::move(rows));
  return answer;
}

Status Client::discard() {
  if (session_->transaction() != jobs::TransactionState::kNone) {
    return sql_error(SqlState::kInTransaction, "DISCARD ALL cannot run inside a transaction block");
  }
  portals_.clear();
  statements_.clear();
  settings_.reset_all();
  DF_RETURN_IF_ERROR(run_in_session("RESET"));
  return set_value("TimeZone", std::nullopt);
}

}  // namespace dataflow::postgres
