#include "dead_letters.h"

#include <algorithm>
#include <charconv>

#include "base/logger.h"
#include "engine/failures.h"

namespace dataflow::engine {
namespace {

constexpr size_t kRowsAtOnce = 256;

Value text_or_null(std::string text) {
  if (text.empty()) return Value::null(Type::string());
  return Value::string(std::move(text));
}

}  // namespace

std::string_view dead_reason_name(DeadReason reason) {
  switch (reason) {
    case DeadReason::kDecode: return "decode";
    case DeadReason::kLate: return "late";
    case DeadReason::kExpression: return "expression";
    case DeadReason::kTime: return "time";
    case DeadReason::kSink: return "sink";
  }
  return "unknown";
}

const SchemaPtr& dead_letter_schema() {
  static const SchemaPtr schema = std::make_shared<Schema>(std::vector<Field>{
      {"pipeline", Type::string(), false},
      {"operator", Type::string(), false},
      {"reason", Type::string(), false},
      {"field", Type::string()},
      {"message", Type::string()},
      {"source", Type::string()},
      {"split", Type::string()},
      {"row_offset", Type::int64()},
      {"time", Type::timestamp_tz(3), false},
      {"row", Type::string()},
  });
  return schema;
}

Status DeadLetters::add(DeadRow row, int64_t now_millis) {
  if (fail_) {
    std::string where = row.operator_id;
    if (row.offset >= 0) where += " (" + row.split + ", offset " + std::to_string(row.offset) + ")";
    std::string message = "operator " + where + ": ";
    if (!row.field.empty()) message += "field " + row.field + ": ";
    message += row.words + "; the row is " + row.row;
    return Status(StatusCode::kInvalid, message.append(kFailsForRow), kRowFailed);
  }
  totals_[static_cast<size_t>(row.reason)].fetch_add(1, std::memory_order_relaxed);
  ++counts_[row.operator_id + "/" + std::string(dead_reason_name(row.reason))];
  counts_changed_ = true;
  if (writer_ == nullptr) return {};
  rows_.push_back({Value::string(pipeline_), Value::string(row.operator_id),
                   Value::string(std::string(dead_reason_name(row.reason))),
                   text_or_null(row.field), text_or_null(row.words), text_or_null(row.source),
                   text_or_null(row.split),
                   row.offset < 0 ? Value::null(Type::int64()) : Value::int64(row.offset),
                   Value::integer(Type::timestamp_tz(3), now_millis), text_or_null(row.row)});
  return rows_.size() < kRowsAtOnce ? Status() : write_out();
}

uint64_t DeadLetters::total() const {
  uint64_t sum = 0;
  for (const auto& one : totals_) sum += one.load(std::memory_order_relaxed);
  return sum;
}

Status DeadLetters::write_out() {
  if (rows_.empty()) return {};
  DF_ASSIGN_OR_RETURN(const Batch batch, batch_of(dead_letter_schema(), rows_));
  rows_.clear();
  std::vector<RowFault> faults;
  DF_RETURN_IF_ERROR(writer_->write(batch, faults).with_context("writing dead letters"));
  for (const RowFault& fault : faults) {
    // They are counted all the same; there is nowhere left to send them.
    log_warn("a dead letter cannot be written", {{"pipeline", pipeline_}, {"why", fault.reason}});
  }
  return {};
}

void DeadLetters::restore(const std::string& name, const std::map<std::string, uint64_t>& counts) {
  for (const auto& [what, count] : counts) {
    counts_[what] += count;
    earlier_[what] += count;
    const std::string_view reason = std::string_view(what).substr(what.rfind('/') + 1);
    for (size_t i = 0; i < kDeadReasons; ++i) {
      if (reason != dead_reason_name(static_cast<DeadReason>(i))) continue;
      totals_[i].fetch_add(count, std::memory_order_relaxed);
    }
  }
  if (name == own_name()) return;
  taken_over_.push_back(name);
  counts_changed_ = true;
}

void DeadLetters::add_earlier(std::vector<OperatorStats>& operators) const {
  for (const auto& [what, count] : earlier_) {
    const size_t slash = what.rfind('/');
    const auto found = std::find_if(operators.begin(), operators.end(),
                                    [&id = what, slash](const OperatorStats& stats) {
                                      return id.compare(0, slash, stats.id) == 0;
                                    });
    if (found == operators.end()) continue;
    const bool late = what.substr(slash + 1) == dead_reason_name(DeadReason::kLate);
    (late ? found->late_rows : found->dead_rows) += count;
  }
}

Status DeadLetters::on_barrier(CheckpointId id, TaskPart& part) {
  if (counts_changed_) {
    part.named.push_back({kDeadLetterNode, own_name(), encode_counts(counts_)});
    for (const std::string& name : taken_over_) {
      part.named.push_back({kDeadLetterNode, name, std::nullopt});
    }
    taken_over_.clear();
    counts_changed_ = false;
  }
  if (writer_ == nullptr) return {};
  DF_RETURN_IF_ERROR(write_out());
  std::vector<std::string> committables;
  std::map<std::string, std::string> named;
  DF_RETURN_IF_ERROR(writer_->on_barrier(id, committables, named));
  for (std::string& bytes : committables) {
    part.committables.push_back({kDeadLetterNode, std::move(bytes)});
  }
  for (auto& [name, bytes] : named) {
    part.named.push_back({kDeadLetterNode, "sink/" + name, std::move(bytes)});
  }
  return {};
}

std::string encode_counts(const std::map<std::string, uint64_t>& counts) {
  std::string bytes;
  for (const auto& [name, count] : counts) bytes += name + "=" + std::to_string(count) + "\n";
  return bytes;
}

std::map<std::string, uint64_t> decode_counts(const std::string& bytes) {
  std::map<std::string, uint64_t> counts;
  size_t at = 0;
  while (at < bytes.size()) {
    const size_t end = std::min(bytes.find('\n', at), bytes.size());
    const std::string_view line = std::string_view(bytes).substr(at, end - at);
    const size_t equals = line.rfind('=');
    if (equals != std::string_view::npos) {
      uint64_t count = 0;
      std::from_chars(line.data() + equals + 1, line.data() + line.size(), count);
      counts[std::string(line.substr(0, equals))] += count;
    }
    at = end + 1;
  }
  return counts;
}

}  // namespace dataflow::engine
