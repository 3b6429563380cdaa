// The log sink's writer: encodes rows and builds record batches of them, a run for each partition.
#include <arrow/array.h>

#include <future>
#include <map>
#include <utility>

#include "key_encoder.h"
#include "log_committable.h"
#include "log_sink.h"
#include "options.h"
#include "topic_names.h"
#include "types/batch_builder.h"
#include "types/partitioner.h"

namespace dataflow::connect {
namespace {

constexpr size_t kBatchBytes = 1 << 20;
constexpr int32_t kBatchRows = 16 << 10;
// What a record takes beside key and value, at most.
constexpr size_t kRecordOverhead = 48;

// A topic's own compression, where it names one.
Codec codec_of(const log::TopicConfig& config) {
  switch (config.compression) {
    case log::CompressionType::kGzip: return Codec::kGzip;
    case log::CompressionType::kSnappy: return Codec::kSnappy;
    case log::CompressionType::kLz4: return Codec::kLz4;
    case log::CompressionType::kZstd: return Codec::kZstd;
    default: return Codec::kNone;
  }
}

struct Row {
  Timestamp time;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;

  size_t bytes() const {
    return kRecordOverhead + (key ? key->size() : 0) + (value ? value->size() : 0);
  }
};

class LogSinkWriter final : public engine::SinkWriter {
 public:
  LogSinkWriter(LogSinkParts parts, LogSinkSpec spec, int task, log::TopicInfo topic,
                KeyEncoder keys, std::unique_ptr<format::Encoder> encoder)
      : parts_(parts),
        spec_(std::move(spec)),
        topic_(std::move(topic)),
        keys_(std::move(keys)),
        encoder_(std::move(encoder)),
        turn_(task % topic_.partitions) {}

  Status write(const Batch& batch, std::vector<RowFault>& faults) override;
  Status on_barrier(engine::CheckpointId id, std::vector<std::string>& committables,
                    std::map<std::string, std::string>& named_state) override;
  int64_t staged_bytes() const override;

 private:
  // What waits for one partition.
  struct Output {
    std::string committable;  // empty: nothing was finished yet
    std::optional<BatchBuilder> builder;
  };

  Status encode(const Batch& batch, std::vector<RowFault>& faults);
  // Why the row cannot become a record; empty if it can.
  std::string row_at(const Batch& batch, int64_t row, Row& out) const;
  bool is_replaced(const Batch& batch, int64_t row) const;
  std::string time_at(const Batch& batch, int64_t row, Timestamp& out) const;
  std::string add(const Row& row);
  int32_t partition_of(const Row& row);
  size_t usual_limit() const;
  BatchBuilder new_builder() const;
  void cut(int32_t partition, Output& output);
  void stage(int32_t partition, Output& output, std::string_view batch);
  // Where the sink does not wait for checkpoints:
  Status append_staged();
  Status await_synced();

  LogSinkParts parts_;
  const LogSinkSpec spec_;
  log::TopicInfo topic_;
  KeyEncoder keys_;
  std::unique_ptr<format::Encoder> encoder_;
  format::EncodedRows values_;
  std::vector<bool> unusable_;  // rows that could not be encoded
  Timestamp now_;
  std::map<int32_t, Output> outputs_;
  int32_t turn_;  // the partition of rows without a key
  int64_t finished_bytes_ = 0;
  // Since the last barrier, by partition.
  struct Appended {
    std::shared_ptr<log::Partition> partition;  // the one of then: a new one of its name is not it
    Offset end;
  };
  std::map<int32_t, Appended> appended_;
};

Status LogSinkWriter::encode(const Batch& batch, std::vector<RowFault>& faults) {
  const size_t faults_before = faults.size();
  values_.clear();
  DF_RETURN_IF_ERROR(encoder_->encode(batch, values_, faults));
  DF_RETURN_IF_ERROR(keys_.encode(batch, faults));
  unusable_.assign(static_cast<size_t>(batch.rows), false);
  for (size_t i = faults_before; i < faults.size();) {
    const auto row = static_cast<size_t>(faults[i].row);
    // A row that fails as a key and as a value is one dead letter.
    if (unusable_[row]) {
      faults.erase(faults.begin() + static_cast<ptrdiff_t>(i));
      continue;
    }
    unusable_[row] = true;
    ++i;
  }
  return {};
}

std::string LogSinkWriter::time_at(const Batch& batch, int64_t row, Timestamp& out) const {
  out = now_;
  if (!spec_.timestamp_column) return {};
  const arrow::Array& column = *batch.columns[*spec_.timestamp_column];
  if (column.IsNull(row)) return {};
  const int64_t units = (*spec_.schema)[*spec_.timestamp_column].type.units_per_milli();
  const int64_t value = static_cast<const arrow::TimestampArray&>(column).Value(row);
  if (value < 0) return "a record's timestamp cannot lie before 1970";
  out = Timestamp(value / units);
  return {};
}

std::string LogSinkWriter::row_at(const Batch& batch, int64_t row, Row& out) const {
  const auto at = static_cast<size_t>(row);
  out.key = keys_.at(at);
  out.value = values_[at];
  if (spec_.plan.format == "raw" && batch.columns[0]->IsNull(row)) out.value.reset();
  const RowKind kind = batch.kind(row);
  if (kind == RowKind::kDelete || kind == RowKind::kUpdateBefore) out.value.reset();
  if (!out.key && topic_.config.cleanup_compact) {
    return "the topic is compacted, and the row has no key";
  }
  return time_at(batch, row, out.time);
}

bool LogSinkWriter::is_replaced(const Batch& batch, int64_t row) const {
  const int64_t next = row + 1;
  return next < batch.rows && batch.kind(next) == RowKind::kUpdateAfter &&
         !unusable_[static_cast<size_t>(next)] &&
         keys_.at(static_cast<size_t>(next)) == keys_.at(static_cast<size_t>(row));
}

// With a key the topic stands for a table: a record replaces the one before it, and a null value
// deletes it: also what a row was before (-U), unless what it is now (+U) follows under the same
// key. Without a key only insertions can be told.
Status LogSinkWriter::write(const Batch& batch, std::vector<RowFault>& faults) {
  now_ = parts_.env.now();
  DF_RETURN_IF_ERROR(encode(batch, faults));
  Row row;
  for (int64_t i = 0; i < batch.rows; ++i) {
    if (unusable_[static_cast<size_t>(i)]) continue;
    const RowKind kind = batch.kind(i);
    if (kind != RowKind::kInsert && !keys_.has_key()) {
      faults.push_back(
          {i, "",
           "a change (" + std::string(row_kind_name(kind)) + ") needs a sink with key columns"});
      continue;
    }
    if (kind == RowKind::kUpdateBefore && is_replaced(batch, i)) continue;
    std::string why = row_at(batch, i, row);
    if (why.empty()) why = add(row);
    if (!why.empty()) faults.push_back({i, "", std::move(why)});
  }
  return spec_.at_once() ? append_staged() : Status();
}

int32_t LogSinkWriter::partition_of(const Row& row) {
  if (spec_.round_robin) return turn_ = (turn_ + 1) % topic_.partitions;
  return row.key ? partition_of_key(*row.key, topic_.partitions) : turn_;
}

// Room is left for what a codec may add to bytes that it cannot make smaller.
size_t LogSinkWriter::usual_limit() const {
  const auto most = static_cast<size_t>(topic_.config.max_message_bytes);
  return std::min(kBatchBytes, most - std::min(most, most / 16));
}

BatchBuilder LogSinkWriter::new_builder() const {
  BatchOptions options;
  options.codec = spec_.codec.value_or(codec_of(topic_.config));
  return BatchBuilder(options);
}

std::string LogSinkWriter::add(const Row& row) {
  const int32_t partition = partition_of(row);
  Output& output = outputs_[partition];
  const size_t limit = usual_limit();
  if (output.builder && (output.builder->size_estimate() + row.bytes() > limit ||
                         output.builder->record_count() >= kBatchRows)) {
    cut(partition, output);
  }
  const bool alone = kBatchHeaderBytes + row.bytes() > limit;
  BatchBuilder single = alone ? new_builder() : BatchBuilder();
  if (!alone && !output.builder) output.builder.emplace(new_builder());
  BatchBuilder& builder = alone ? single : *output.builder;
  Status added = builder.add(row.time, row.key, row.value);
  if (!added.ok()) return added.message();
  if (!alone) return {};
  const std::string batch = builder.finish();
  if (static_cast<int64_t>(batch.size()) > topic_.config.max_message_bytes) {
    return "its record takes " + std::to_string(batch.size()) +
           " bytes, and the topic's max.message.bytes is " +
           std::to_string(topic_.config.max_message_bytes);
  }
  stage(partition, output, batch);
  return {};
}

void LogSinkWriter::cut(int32_t partition, Output& output) {
  if (!output.builder) return;
  const std::string batch = output.builder->finish();
  output.builder.reset();
  stage(partition, output, batch);
  if (partition == turn_) turn_ = (turn_ + 1) % topic_.partitions;
}

void LogSinkWriter::stage(int32_t partition, Output& output, std::string_view batch) {
  if (output.committable.empty()) {
    output.committable = begin_committable(topic_.name, topic_.id, PartitionIndex(partition));
  }
  output.committable += batch;
  finished_bytes_ += static_cast<int64_t>(batch.size());
}

Status LogSinkWriter::append_staged() {
  for (auto& [index, output] : outputs_) {
    cut(index, output);
    if (output.committable.empty()) continue;
    const std::string where =
        "sink `" + spec_.node + "`: " + partition_words(topic_.name, PartitionIndex(index));
    const auto partition = parts_.log.partition(topic_.name, PartitionIndex(index));
    if (partition == nullptr || partition->topic_id() != topic_.id) {
      return Status::conflict(where +
                              ": the topic was deleted while the job ran; the job starts "
                              "again from its last checkpoint");
    }
    DF_ASSIGN_OR_RETURN(const LogCommittable staged, parse_committable(output.committable));
    char* const batches =
        output.committable.data() + (staged.batches.data() - output.committable.data());
    const Result<log::AppendOutcome> outcome =
        partition->append({batches, staged.batches.size()}, false);
    if (!outcome.ok()) return outcome.status().with_context(where);
    appended_[index] = {partition, outcome->next_offset};
  }
  outputs_.clear();
  finished_bytes_ = 0;
  return {};
}

// A checkpoint says that all rows before it have been delivered.
Status LogSinkWriter::await_synced() {
  for (const auto& [index, last] : std::exchange(appended_, {})) {
    auto told = std::make_shared<std::promise<Status>>();
    last.partition->await_synced(last.end,
                                 [told](Status status) { told->set_value(std::move(status)); });
    DF_RETURN_IF_ERROR(told->get_future().get().with_context("sink `" + spec_.node + "`"));
  }
  return {};
}

Status LogSinkWriter::on_barrier(engine::CheckpointId /*id*/,
                                 std::vector<std::string>& committables,
                                 std::map<std::string, std::string>& /*named_state*/) {
  if (spec_.at_once()) DF_RETURN_IF_ERROR(await_synced());
  for (auto& [partition, output] : outputs_) {
    cut(partition, output);
    if (!output.committable.empty()) committables.push_back(std::move(output.committable));
  }
  outputs_.clear();
  finished_bytes_ = 0;
  // Nothing waits: the moment to see whether the topic got more partitions or other settings. One
  // that went is met by the committer.
  if (std::optional<log::TopicInfo> topic = parts_.log.topic(spec_.topic)) {
    topic_ = std::move(*topic);
    turn_ %= topic_.partitions;
  }
  return {};
}

int64_t LogSinkWriter::staged_bytes() const {
  int64_t bytes = finished_bytes_;
  for (const auto& [partition, output] : outputs_) {
    if (output.builder) bytes += static_cast<int64_t>(output.builder->size_estimate());
  }
  return bytes;
}

}  // namespace

Result<std::unique_ptr<engine::SinkWriter>> make_log_sink_writer(LogSinkParts parts,
                                                                 const LogSinkSpec& spec,
                                                                 int task) {
  const std::string where = "sink `" + spec.node + "`";
  Result<log::TopicInfo> topic = ensure_topic(parts.log, spec);
  if (!topic.ok()) return topic.status().with_context(where);
  DF_ASSIGN_OR_RETURN(KeyEncoder keys, KeyEncoder::make(spec.plan, *spec.schema, where));
  DF_ASSIGN_OR_RETURN(
      format::EncoderOptions options,
      in_place(format::encoder_options(spec.plan.format, spec.plan.format_options), where));
  Result<std::unique_ptr<format::Encoder>> encoder =
      format::make_encoder(spec.plan.format, spec.schema, options);
  if (!encoder.ok()) return encoder.status().with_context(where);
  return std::unique_ptr<engine::SinkWriter>(std::make_unique<LogSinkWriter>(
      parts, spec, task, std::move(*topic), std::move(keys), std::move(*encoder)));
}

}  // namespace dataflow::connect
