// Appending: check what a producer sent, give it its offsets in place, write it behind the log's
// end.
#include <algorithm>

#include "base/bytes.h"
#include "log/fault.h"
#include "log_partition.h"
#include "recompress.h"
#include "types/batch_builder.h"
#include "types/record.h"

namespace dataflow::log {
namespace {

constexpr size_t kMaxUncompressedBytes = size_t{256} << 20;

std::string place_words(const TopicPartition& name) {
  return name.topic + "-" + std::to_string(name.partition.value());
}

Status refuse(Fault reason, StatusCode code, const TopicPartition& name, std::string_view why) {
  return fault(reason, code, "appending to " + place_words(name) + ": " + std::string(why));
}

}  // namespace

Status LogPartition::check_client_batch(std::span<char> batch, BatchHeader& header,
                                        const TopicConfig& config) const {
  const auto& name = spec_.name;
  if (header.is_control()) {
    return refuse(Fault::kInvalidRecord, StatusCode::kInvalid, name,
                  "only the server writes control batches");
  }
  if (header.record_count <= 0 || header.last_offset_delta != header.record_count - 1) {
    return refuse(Fault::kInvalidRecord, StatusCode::kInvalid, name,
                  "the batch's record count and last offset do not fit together");
  }
  if (header.has_producer_id() && (header.base_sequence < 0 || header.producer_epoch.value() < 0)) {
    return refuse(Fault::kInvalidRecord, StatusCode::kInvalid, name,
                  "a batch with a producer id needs an epoch and a sequence");
  }
  if (header.is_transactional() && !header.has_producer_id()) {
    return refuse(Fault::kInvalidRecord, StatusCode::kInvalid, name,
                  "a transactional batch needs a producer id");
  }
  if (header.is_log_append_time()) {
    return refuse(Fault::kInvalidTimestamp, StatusCode::kInvalid, name,
                  "only the server sets the timestamp type LogAppendTime");
  }
  if (header.has_delete_horizon()) {
    return refuse(Fault::kInvalidRecord, StatusCode::kInvalid, name,
                  "only the server sets a delete horizon");
  }
  // Compressed ones are opened too: the checksum says that the bytes came as they were sent, not
  // that any consumer can read them.
  Result<RecordTimes> times =
      check_records({batch.data(), batch.size()}, kMaxUncompressedBytes, config.cleanup_compact);
  if (!times.ok()) {
    const Status& why = times.status();
    const Fault reason =
        why.code() == StatusCode::kCorrupt ? Fault::kCorruptBatch : Fault::kInvalidRecord;
    return refuse(reason, why.code(), name, why.message());
  }
  return config.append_time ? Status() : check_times(batch, header, *times, config);
}

Status LogPartition::check_times(std::span<char> batch, BatchHeader& header,
                                 const RecordTimes& times, const TopicConfig& config) const {
  const Timestamp now = context_.env.now();
  const bool too_late = times.max > now && times.max - now > config.timestamp_after_max_ms;
  // Not `now - min`: that overflows for the smallest timestamps.
  const bool too_early = times.min != kNoTimestamp && times.min < now &&
                         (now.value() < INT64_MIN + config.timestamp_before_max_ms ||
                          times.min < now - config.timestamp_before_max_ms);
  if (too_late || too_early) {
    return refuse(Fault::kInvalidTimestamp, StatusCode::kInvalid, spec_.name,
                  "timestamp " + std::to_string((too_late ? times.max : times.min).value()) +
                      " is too far from the server's clock " + std::to_string(now.value()) +
                      " (message.timestamp.before.max.ms, .after.max.ms)");
  }
  // The time index and retention go by the header; some clients do not write there what they sent.
  if (header.max_timestamp != times.max) {
    set_max_timestamp(batch.data(), batch.size(), times.max);
    header.max_timestamp = times.max;
  }
  return {};
}

Status LogPartition::check_size(size_t bytes, const TopicConfig& config) const {
  if (static_cast<int64_t>(bytes) <= config.max_message_bytes) return {};
  return refuse(Fault::kBatchTooLarge, StatusCode::kTooLarge, spec_.name,
                "a batch of " + std::to_string(bytes) +
                    " bytes is over max.message.bytes=" + std::to_string(config.max_message_bytes));
}

Result<AppendOutcome> LogPartition::append(std::span<char> bytes, bool from_client) {
  std::shared_ptr<const TopicConfig> config;
  {
    std::lock_guard lock(mutex_);
    config = config_;
  }
  std::vector<BatchHeader> headers;
  std::string rebuilt;
  for (size_t at = 0; at < bytes.size();) {
    std::string_view rest(bytes.data() + at, bytes.size() - at);
    Result<BatchHeader> header = parse_batch_header(rest);
    if (!header.ok()) {
      const bool magic = header.status().code() == StatusCode::kUnsupported;
      return refuse(magic ? Fault::kUnsupportedMagic : Fault::kCorruptBatch, header.status().code(),
                    spec_.name, header.status().message());
    }
    const size_t size = header->total_bytes();
    if (size > rest.size()) {
      return refuse(Fault::kCorruptBatch, StatusCode::kCorrupt, spec_.name,
                    "the batch says that it is longer than what was sent");
    }
    DF_RETURN_IF_ERROR(check_size(size, *config));
    if (!batch_crc_ok(rest.substr(0, size))) {
      return refuse(Fault::kCorruptBatch, StatusCode::kCorrupt, spec_.name,
                    "the batch fails its checksum");
    }
    if (from_client) {
      if (size != bytes.size()) {
        return refuse(Fault::kInvalidRecord, StatusCode::kInvalid, spec_.name,
                      "a producer may send one batch for a partition in a request");
      }
      DF_RETURN_IF_ERROR(check_client_batch(bytes, *header, *config));
      if (needs_recompression(*header, *config)) {
        DF_ASSIGN_OR_RETURN(rebuilt, recompress(rest.substr(0, size), *config));
        DF_ASSIGN_OR_RETURN(header, parse_batch_header(rebuilt));
        DF_RETURN_IF_ERROR(check_size(rebuilt.size(), *config));
      }
    }
    headers.push_back(*header);
    at += size;
  }
  if (!rebuilt.empty()) bytes = {rebuilt.data(), rebuilt.size()};
  if (headers.empty()) {
    return refuse(Fault::kCorruptBatch, StatusCode::kCorrupt, spec_.name, "there is no batch");
  }
  std::lock_guard lock(mutex_);
  return append_locked(bytes, headers);
}

Status LogPartition::check_appendable_locked() const {
  const auto& name = spec_.name;
  if (closed_) {
    return refuse(Fault::kStorage, StatusCode::kUnavailable, name, "the log is being closed");
  }
  if (health_ == PartitionHealth::kDamaged) {
    return refuse(Fault::kStorage, StatusCode::kReadOnly, name,
                  "the partition is damaged and read-only (" + health_reason_ +
                      "); stop the server and run `dataflow-cli log verify` and `log repair`");
  }
  if (health_ == PartitionHealth::kSyncFailed) {
    return refuse(Fault::kStorage, StatusCode::kReadOnly, name,
                  "a write to disk failed (" + health_reason_ + "); check the disk and restart");
  }
  if (context_.disk.full()) {
    return refuse(Fault::kStorage, StatusCode::kNoSpace, name,
                  "the disk is full; free some space, then writes go on by themselves");
  }
  return {};
}

Result<AppendOutcome> LogPartition::append_locked(std::span<char> bytes,
                                                  std::vector<BatchHeader>& headers) {
  DF_RETURN_IF_ERROR(check_appendable_locked());
  BatchHeader& first = headers.front();
  if (first.has_producer_id() && !first.is_control()) {
    DF_ASSIGN_OR_RETURN(std::optional<ProducerBatch> repeat, producers_.check(first));
    if (repeat) {
      return AppendOutcome{repeat->first_offset, repeat->last_offset + 1, repeat->timestamp,
                           log_start_, true};
    }
  }
  const Timestamp now = context_.env.now();
  const LeaderEpoch epoch = epochs_.back().epoch;
  Offset next = end_;
  size_t at = 0;
  for (BatchHeader& header : headers) {
    char* batch = bytes.data() + at;
    header.base_offset = next;
    header.leader_epoch = epoch;
    set_base_offset(batch, next);
    set_leader_epoch(batch, epoch);
    if (config_->append_time && !header.is_control()) {
      set_append_time(batch, header.total_bytes(), now);
      header.attributes |= kAttributeAppendTime;
      header.max_timestamp = now;
    }
    next = header.next_offset();
    at += header.total_bytes();
  }
  DF_RETURN_IF_ERROR(roll_if_needed_locked(first, bytes.size()));
  Segment& active = *segments_.back();
  uint64_t position = active.bytes();
  Status written = active.write({bytes.data(), bytes.size()});
  if (!written.ok()) {
    if (written.code() == StatusCode::kNoSpace) {
      if (context_.disk.set_full(true)) context_.wake_housekeeper();
      return refuse(Fault::kStorage, StatusCode::kNoSpace, spec_.name, written.message());
    }
    return refuse(Fault::kStorage, written.code(), spec_.name, written.message());
  }
  AppendOutcome outcome;
  outcome.base_offset = first.base_offset;
  outcome.next_offset = next;
  if (config_->append_time) outcome.append_time = now;
  outcome.log_start = log_start_;
  for (const BatchHeader& header : headers) {
    note_appended_locked(header, position, now);
    position += header.total_bytes();
  }
  active.write_zeros(
      zero_tail_.zeros_end(active.bytes(), static_cast<uint64_t>(config_->segment_bytes)));
  request_sync_locked();
  return outcome;
}

Result<AppendOutcome> LogPartition::append_marker(ProducerId producer, ProducerEpoch epoch,
                                                  bool commit, int32_t coordinator_epoch) {
  std::string batch = build_control_batch(Offset(0), producer, epoch,
                                          commit ? ControlType::kCommit : ControlType::kAbort,
                                          coordinator_epoch, context_.env.now());
  DF_ASSIGN_OR_RETURN(BatchHeader header, parse_batch_header(batch));
  std::vector<BatchHeader> headers{header};
  std::lock_guard lock(mutex_);
  DF_RETURN_IF_ERROR(producers_.check_marker(producer, epoch, coordinator_epoch));
  DF_ASSIGN_OR_RETURN(AppendOutcome outcome, append_locked({batch.data(), batch.size()}, headers));
  producers_.apply_marker(producer, epoch, commit, coordinator_epoch, outcome.base_offset,
                          context_.env.now());
  return outcome;
}

void LogPartition::note_appended_locked(const BatchHeader& batch, uint64_t position,
                                        Timestamp now) {
  segments_.back()->note(batch, position, now, config_->index_interval_bytes);
  end_ = batch.next_offset();
  bytes_since_checkpoint_ += static_cast<int64_t>(batch.total_bytes());
  bytes_to_sync_ += batch.total_bytes();
  if (batch.has_producer_id() && !batch.is_control()) {
    producers_.apply(batch, batch.is_log_append_time() ? batch.max_timestamp : kNoTimestamp, now);
  }
}

Status LogPartition::roll_if_needed_locked(const BatchHeader& first, size_t bytes) {
  const Segment& active = *segments_.back();
  if (active.bytes() == 0) return {};
  const bool full = active.bytes() + bytes > static_cast<uint64_t>(config_->segment_bytes);
  const bool old = active.first_append() != kNoTimestamp &&
                   context_.env.now() - active.first_append() >= config_->roll_ms();
  const bool far = first.base_offset - active.base() > kMaxSegmentOffsets;
  return full || old || far ? roll_locked() : Status();
}

Status LogPartition::roll_locked() {
  Status trimmed = segments_.back()->trim();
  if (!trimmed.ok()) {
    return refuse(Fault::kStorage, trimmed.code(), spec_.name, trimmed.message());
  }
  auto next = std::make_shared<Segment>(context_.env, spec_.dir, end_);
  Status made = next->create();
  if (!made.ok()) {
    if (made.code() == StatusCode::kNoSpace && context_.disk.set_full(true)) {
      context_.wake_housekeeper();
    }
    return refuse(Fault::kStorage, made.code(), spec_.name, made.message());
  }
  next->mark_verified(0, UINT64_MAX);
  unsynced_sealed_.push_back(segments_.back());
  segments_.push_back(std::move(next));
  folder_unsynced_ = true;
  // The sealed segment's index goes to its file with the next checkpoint.
  bytes_since_checkpoint_ += context_.options.checkpoint_bytes;
  context_.wake_housekeeper();
  return {};
}

void LogPartition::request_sync_locked() {
  if (sync_queued_) return;
  sync_queued_ = true;
  context_.syncer.enqueue(shared_from_this());
}

}  // namespace dataflow::log
