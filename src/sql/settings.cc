#include "sql/settings.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/edit_distance.h"
#include "base/units.h"
#include "expr/bound.h"
#include "flink_duration.h"
#include "flink_settings.h"
#include "same_name.h"

namespace dataflow::sql {
namespace {

using expr::ExpressionPtr;

constexpr const char* kMode = "execution.runtime-mode";
constexpr const char* kParallelism = "parallelism.default";
constexpr const char* kTableParallelism = "table.exec.resource.default-parallelism";
constexpr const char* kInterval = "execution.checkpointing.interval";
constexpr const char* kZone = "table.local-time-zone";
constexpr const char* kIdle = "table.exec.source.idle-timeout";
constexpr const char* kTtl = "table.exec.state.ttl";
constexpr const char* kNotNull = "table.exec.sink.not-null-enforcer";
constexpr const char* kName = "pipeline.name";
constexpr const char* kDialect = "table.sql-dialect";
constexpr const char* kPointReads = "sql.point-reads";
constexpr const char* kResultMemory = "query.result-memory";
constexpr const char* kDeadLetters = "sql.dead-letters";

constexpr int64_t kMostParallelism = 1024;

Status wrong(const std::string& key, const std::string& value, const std::string& why) {
  return Status::invalid("SET '" + key + "' = '" + value + "': " + why);
}

Status check_mode(const std::string& key, const std::string& value) {
  for (const char* known : {"streaming", "batch"}) {
    if (same_name(known, value)) return {};
  }
  return wrong(key, value, "give 'streaming' or 'batch'");
}

Status check_not_null(const std::string& key, const std::string& value) {
  for (const char* known : {"ERROR", "DROP"}) {
    if (same_name(known, value)) return {};
  }
  return wrong(key, value, "give 'ERROR' or 'DROP'");
}

Status check_zone(const std::string& key, const std::string& value) {
  if (value == "default" || value == "UTC" || value == "Z") return {};
  // A cast that needs the zone knows whether there is one.
  const Type wall = Type::timestamp(3);
  const ExpressionPtr reading = expr::literal(Value::integer(wall, 0));
  const Result<expr::BoundPtr> bound =
      expr::bind(expr::cast(reading, Type::timestamp_tz(3)), Schema());
  if (!bound.ok()) return bound.status();
  Batch row;
  row.schema = std::make_shared<const Schema>();
  row.rows = 1;
  expr::EvalContext context;
  context.time_zone = value;
  const Result<ColumnPtr> column = (*bound)->evaluate(row, {}, context);
  if (column.ok() && context.faults.empty()) return {};
  return wrong(key, value,
               "there is no such time zone; give one such as 'Europe/Berlin', 'UTC' or "
               "'GMT+08:00'");
}

Status check_number(const std::string& key, const std::string& value) {
  const Result<int64_t> number = parse_int(value);
  if (number.ok() && *number >= -1 && *number <= kMostParallelism) return {};
  return wrong(key, value, "give a whole number from 1 to " + std::to_string(kMostParallelism));
}

Status check_duration(const std::string& key, const std::string& value) {
  const Result<int64_t> ms = parse_flink_duration_ms(value);
  return ms.ok() ? Status() : wrong(key, value, ms.status().message());
}

Status check_dialect(const std::string& key, const std::string& value) {
  if (same_name(value, "default")) return {};
  return wrong(key, value, "the dialect is 'default'");
}

Status check_choice(const std::string& key, const std::string& value) {
  for (const char* known : {"true", "false"}) {
    if (same_name(known, value)) return {};
  }
  return wrong(key, value, "give 'true' or 'false'");
}

Status check_memory(const std::string& key, const std::string& value) {
  const Result<int64_t> bytes = parse_bytes(value);
  if (bytes.ok() && *bytes > 0) return {};
  return wrong(key, value, "give a size such as '512MiB'");
}

Status check_topic(const std::string& key, const std::string& value) {
  return value.empty() ? wrong(key, value, "give a topic's name") : Status();
}

Status check_any(const std::string&, const std::string&) { return {}; }

struct Known {
  const char* key;
  Status (*check)(const std::string& key, const std::string& value);
};
constexpr Known kKnown[] = {
    {kMode, check_mode},         {kParallelism, check_number},  {kTableParallelism, check_number},
    {kInterval, check_duration}, {kZone, check_zone},           {kIdle, check_duration},
    {kTtl, check_duration},      {kNotNull, check_not_null},    {kName, check_any},
    {kDialect, check_dialect},   {kResultMemory, check_memory}, {kPointReads, check_choice},
    {kDeadLetters, check_topic},
};

std::string text_of(const std::map<std::string, std::string>& given, const char* key) {
  const auto found = given.find(key);
  return found == given.end() ? std::string() : found->second;
}

int64_t duration_of(const std::map<std::string, std::string>& given, const char* key) {
  const Result<int64_t> ms = parse_flink_duration_ms(text_of(given, key));
  return ms.ok() ? *ms : 0;
}

}  // namespace

Status Settings::set(const std::string& key, const std::string& value) {
  for (const Known& known : kKnown) {
    if (key != known.key) continue;
    DF_RETURN_IF_ERROR(known.check(key, value));
    given_[key] = value;
    return {};
  }
  const auto flinks = flink_keys();
  if (std::find(flinks.begin(), flinks.end(), key) == flinks.end() && !begins_like_flink_key(key)) {
    std::vector<std::string> names(flinks.begin(), flinks.end());
    // Those that do something come first: of equals the first is suggested.
    for (const Known& known : kKnown) names.insert(names.begin(), known.key);
    return Status::invalid("there is no setting '" + key + "'" + suggestion(key, names));
  }
  given_[key] = value;
  return {};
}

Status Settings::reset(const std::string& key) {
  if (key.empty()) {
    given_.clear();
  } else if (given_.erase(key) == 0) {
    // A key that was not given is at its default; one that nobody knows is a mistake.
    const bool ours = std::any_of(std::begin(kKnown), std::end(kKnown),
                                  [&](const Known& known) { return key == known.key; });
    const auto flinks = flink_keys();
    const bool theirs = std::find(flinks.begin(), flinks.end(), key) != flinks.end();
    if (ours || theirs || begins_like_flink_key(key)) return {};
    std::vector<std::string> names(flinks.begin(), flinks.end());
    for (const Known& known : kKnown) names.insert(names.begin(), known.key);
    return Status::invalid("there is no setting '" + key + "'" + suggestion(key, names));
  }
  return {};
}

std::map<std::string, std::string> Settings::of_plans() const {
  std::map<std::string, std::string> found;
  for (const char* key :
       {kParallelism, kTableParallelism, kInterval, kZone, kIdle, kTtl, kDeadLetters}) {
    if (const auto given = given_.find(key); given != given_.end()) found.insert(*given);
  }
  return found;
}

RuntimeMode Settings::mode() const {
  return same_name(text_of(given_, kMode), "batch") ? RuntimeMode::kBatch : RuntimeMode::kStreaming;
}

std::string Settings::time_zone() const {
  const std::string zone = text_of(given_, kZone);
  return zone.empty() || same_name(zone, "default") ? "UTC" : zone;
}

int Settings::parallelism() const {
  for (const char* key : {kTableParallelism, kParallelism}) {
    const Result<int64_t> number = parse_int(text_of(given_, key));
    if (number.ok() && *number > 0) return static_cast<int>(*number);
  }
  return 0;
}

int64_t Settings::checkpoint_interval_ms() const { return duration_of(given_, kInterval); }
int64_t Settings::idle_timeout_ms() const { return duration_of(given_, kIdle); }
int64_t Settings::state_ttl_ms() const { return duration_of(given_, kTtl); }
NullRows Settings::null_rows() const {
  const std::string given = text_of(given_, kNotNull);
  if (given.empty()) return NullRows::kDeadLetter;
  return same_name(given, "DROP") ? NullRows::kLeftOut : NullRows::kFail;
}
bool Settings::point_reads() const { return !same_name(text_of(given_, kPointReads), "false"); }
std::string Settings::dead_letters() const { return text_of(given_, kDeadLetters); }
std::string Settings::pipeline_name() const { return text_of(given_, kName); }

}  // namespace dataflow::sql
