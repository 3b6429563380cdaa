// Client: what is said to it and to no table.
#include "client.h"
#include "expr/print.h"
#include "jobs/rows_at_hand.h"

namespace dataflow::postgres {
namespace {

// Flink's name of a session's zone.
constexpr const char* kZoneKey = "'table.local-time-zone'";

constexpr const char* kReadOnly = "transaction_read_only";
constexpr const char* kReadOnlyByDefault = "default_transaction_read_only";

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
    case OwnKind::kAccess: DF_RETURN_IF_ERROR(set_access(own, answer)); break;
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
    case OwnKind::kIndex:
      if (session_->read_only()) {
        return Status::read_only("cannot execute " + own.tag + " in a read-only transaction");
      }
      answer.warnings.push_back(own.warning);
      break;
    case OwnKind::kDiscard: DF_RETURN_IF_ERROR(discard()); break;
    default: break;
  }
  return answer;
}

Status Client::set(const OwnStatement& own, jobs::StatementAnswer& answer) {
  const std::string name = ClientSettings::spelled(own.name);
  if (name == kReadOnly && own.value) {
    ClientSettings read = settings_;
    DF_RETURN_IF_ERROR(read.set(name, *own.value));
    OwnStatement access;
    access.read_only = read.get(name) == "on";
    return set_access(access, answer);
  }
  if (!own.local) {
    DF_RETURN_IF_ERROR(set_value(name, own.value));
    // It outlives the transaction, and what was local before it.
    before_local_.erase(name);
    return {};
  }
  if (!in_block()) {
    answer.warnings.push_back("SET LOCAL can only be used in transaction blocks");
    return {};
  }
  const std::optional<std::string> before = settings_.get(name);
  DF_RETURN_IF_ERROR(set_value(name, own.value));
  before_local_.emplace(name, before.value_or(std::string()));
  return {};
}

// Of the transaction, or with a name of those that come.
Status Client::set_access(const OwnStatement& own, jobs::StatementAnswer& answer) {
  if (!own.name.empty()) return set_value(own.name, *own.read_only ? "on" : "off");
  if (in_block()) return session_->set_read_only(*own.read_only);
  answer.warnings.push_back("SET TRANSACTION can only be used in transaction blocks");
  return {};
}

std::optional<std::string> Client::setting(const std::string& name) const {
  if (ClientSettings::spelled(name) == kReadOnly) return session_->read_only() ? "on" : "off";
  return settings_.get(name);
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
  session_->set_read_only_by_default(settings_.get(kReadOnlyByDefault) == "on");
  return {};
}

Result<jobs::StatementAnswer> Client::show(const OwnStatement& own) {
  jobs::StatementAnswer answer;
  answer.tag = own.tag;
  std::vector<jobs::Row> rows;
  if (own.name.empty()) {
    for (const auto& [name, value] : settings_.all()) {
      rows.push_back({Value::string(name), Value::string(setting(name).value_or(value))});
    }
  } else {
    rows.push_back({Value::string(setting(own.name).value_or(std::string()))});
  }
  answer.rows = jobs::rows_at_hand(std::move(rows));
  return answer;
}

Status Client::discard() {
  if (in_block()) {
    return sql_error(SqlState::kInTransaction, "DISCARD ALL cannot run inside a transaction block");
  }
  portals_.clear();
  statements_.clear();
  settings_.reset_all();
  around_.locks.release_all(process_);
  DF_RETURN_IF_ERROR(run_in_session("RESET"));
  return set_value("TimeZone", std::nullopt);
}

}  // namespace dataflow::postgres
