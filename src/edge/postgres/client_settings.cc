#include "client_settings.h"

#include <algorithm>
#include <iterator>

#include "base/edit_distance.h"
#include "base/lower_case.h"
#include "sql_state.h"

namespace dataflow::postgres {
namespace {

enum class Takes : uint8_t { kAny, kNothing, kUtf8, kIso, kOn, kOff, kBool, kPostgres };
struct Known {
  const char* name;
  const char* value;
  Takes takes;
  bool told = false;
};
constexpr Known kKnown[] = {
    {"application_name", "", Takes::kAny, true},
    {"backslash_quote", "safe_encoding", Takes::kAny},
    {"bytea_output", "hex", Takes::kAny},
    {"check_function_bodies", "on", Takes::kAny},
    {"client_encoding", "UTF8", Takes::kUtf8, true},
    {"client_min_messages", "notice", Takes::kAny},
    {"DateStyle", "ISO, MDY", Takes::kIso, true},
    {"default_tablespace", "", Takes::kAny},
    {"default_table_access_method", "heap", Takes::kAny},
    {"default_transaction_deferrable", "off", Takes::kAny},
    {"default_transaction_isolation", "read committed", Takes::kAny},
    {"default_transaction_read_only", "off", Takes::kBool, true},
    {"enable_bitmapscan", "on", Takes::kAny},
    {"enable_hashagg", "on", Takes::kAny},
    {"enable_hashjoin", "on", Takes::kAny},
    {"enable_indexonlyscan", "on", Takes::kAny},
    {"enable_indexscan", "on", Takes::kAny},
    {"enable_material", "on", Takes::kAny},
    {"enable_mergejoin", "on", Takes::kAny},
    {"enable_nestloop", "on", Takes::kAny},
    {"enable_seqscan", "on", Takes::kAny},
    {"enable_sort", "on", Takes::kAny},
    {"extra_float_digits", "1", Takes::kAny},
    {"idle_in_transaction_session_timeout", "0", Takes::kAny},
    {"idle_session_timeout", "0", Takes::kAny},
    {"in_hot_standby", "off", Takes::kNothing, true},
    {"integer_datetimes", "on", Takes::kNothing, true},
    {"IntervalStyle", "postgres", Takes::kPostgres, true},
    {"is_superuser", "on", Takes::kNothing, true},
    {"jit", "off", Takes::kAny},
    {"lc_collate", "C", Takes::kNothing},
    {"lc_ctype", "C", Takes::kNothing},
    {"lc_messages", "C", Takes::kAny},
    {"lc_monetary", "C", Takes::kAny},
    {"lc_numeric", "C", Takes::kAny},
    {"lc_time", "C", Takes::kAny},
    {"lock_timeout", "0", Takes::kAny},
    {"maintenance_work_mem", "64MB", Takes::kAny},
    {"max_connections", "100", Takes::kNothing},
    {"max_identifier_length", "63", Takes::kNothing},
    {"max_index_keys", "32", Takes::kNothing},
    {"max_parallel_workers_per_gather", "2", Takes::kAny},
    {"plan_cache_mode", "auto", Takes::kAny},
    {"quote_all_identifiers", "off", Takes::kAny},
    {"role", "none", Takes::kAny},
    {"row_security", "on", Takes::kAny},
    {"search_path", "\"$user\", public", Takes::kAny},
    {"server_encoding", "UTF8", Takes::kNothing, true},
    {"server_version", "15.0 (DataFlow " DATAFLOW_VERSION ")", Takes::kNothing, true},
    {"server_version_num", "150000", Takes::kNothing},
    {"session_authorization", "dataflow", Takes::kAny, true},
    {"ssl", "off", Takes::kNothing},
    {"standard_conforming_strings", "on", Takes::kOn, true},
    {"statement_timeout", "0", Takes::kAny},
    {"synchronize_seqscans", "on", Takes::kAny},
    {"synchronous_commit", "on", Takes::kAny},
    {"TimeZone", "UTC", Takes::kAny, true},
    {"transaction_deferrable", "off", Takes::kAny},
    {"transaction_isolation", "read committed", Takes::kAny},
    {"transaction_read_only", "off", Takes::kBool},
    {"transform_null_equals", "off", Takes::kOff},
    {"work_mem", "4MB", Takes::kAny},
    {"xmloption", "content", Takes::kAny},
};

const Known* find(std::string_view name) {
  const std::string wanted = lower_case(name);
  const auto* found = std::find_if(std::begin(kKnown), std::end(kKnown), [&](const Known& known) {
    return lower_case(known.name) == wanted;
  });
  return found == std::end(kKnown) ? nullptr : found;
}

Status unknown(std::string_view name) {
  std::vector<std::string> names;
  for (const Known& known : kKnown) names.emplace_back(known.name);
  return sql_error(SqlState::kUndefinedObject, "unrecognized configuration parameter \"" +
                                                   std::string(name) + "\"" +
                                                   suggestion(name, names));
}

Status refused(const Known& known, std::string_view value, const char* instead) {
  return sql_error(SqlState::kInvalidParameter,
                   "invalid value for parameter \"" + std::string(known.name) + "\": \"" +
                       std::string(value) + "\"; the server has " + instead + " only");
}

bool is_one_of(const std::string& value, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return value == word; });
}

// What a setting is after it has been given that value.
Result<std::string> taken(const Known& known, std::string_view value) {
  const std::string small = lower_case(value);
  switch (known.takes) {
    case Takes::kAny: return std::string(value);
    case Takes::kNothing:
      return sql_error(SqlState::kCannotChange,
                       "parameter \"" + std::string(known.name) + "\" cannot be changed");
    case Takes::kUtf8:
      if (is_one_of(small, {"utf8", "utf-8", "unicode", "'utf-8'"})) return std::string("UTF8");
      return refused(known, value, "UTF8");
    case Takes::kIso:
      if (small.starts_with("iso") || is_one_of(small, {"mdy", "us"})) {
        return std::string("ISO, MDY");
      }
      return refused(known, value, "ISO");
    case Takes::kPostgres:
      if (small == "postgres") return small;
      return refused(known, value, "postgres");
    case Takes::kOn:
      if (is_one_of(small, {"on", "true", "yes", "1"})) return std::string("on");
      return refused(known, value, "on");
    case Takes::kOff:
      if (is_one_of(small, {"off", "false", "no", "0"})) return std::string("off");
      return refused(known, value, "off");
    case Takes::kBool:
      if (is_one_of(small, {"on", "true", "yes", "1"})) return std::string("on");
      if (is_one_of(small, {"off", "false", "no", "0"})) return std::string("off");
      return sql_error(SqlState::kInvalidParameter,
                       "parameter \"" + std::string(known.name) + "\" requires a Boolean value");
  }
  return std::string(value);
}

}  // namespace

ClientSettings::ClientSettings() {
  for (const Known& known : kKnown) defaults_[lower_case(known.name)] = known.value;
  values_ = defaults_;
}

bool ClientSettings::knows(std::string_view name) { return find(name) != nullptr; }

std::string ClientSettings::spelled(std::string_view name) {
  const Known* known = find(name);
  return known != nullptr ? known->name : std::string(name);
}

Status ClientSettings::set(std::string_view name, std::string_view value) {
  const Known* known = find(name);
  if (known == nullptr) return unknown(name);
  DF_ASSIGN_OR_RETURN(values_[lower_case(name)], taken(*known, value));
  return {};
}

Status ClientSettings::reset(std::string_view name) {
  const Known* known = find(name);
  if (known == nullptr) return unknown(name);
  values_[lower_case(name)] = defaults_[lower_case(name)];
  return {};
}

void ClientSettings::reset_all() { values_ = defaults_; }

void ClientSettings::set_default(std::string_view name, std::string_view value) {
  const Known* known = find(name);
  if (known == nullptr) return;
  defaults_[lower_case(name)] = value;
  values_[lower_case(name)] = value;
}

std::optional<std::string> ClientSettings::get(std::string_view name) const {
  const auto found = values_.find(lower_case(name));
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::pair<std::string, std::string>> ClientSettings::all() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [name, value] : values_) all.emplace_back(spelled(name), value);
  return all;
}

std::vector<std::pair<std::string, std::string>> ClientSettings::take_changed() {
  std::vector<std::pair<std::string, std::string>> changed;
  for (const Known& known : kKnown) {
    if (!known.told) continue;
    const std::string& value = values_[lower_case(known.name)];
    const auto [told, fresh] = told_.emplace(known.name, value);
    if (!fresh && told->second == value) continue;
    told->second = value;
    changed.emplace_back(known.name, value);
  }
  return changed;
}

}  // namespace dataflow::postgres
