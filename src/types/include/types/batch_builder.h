// Writes LogBatches: for internal topics, compaction, control markers and tests.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "types/compression.h"
#include "types/log_batch.h"
#include "types/record.h"

namespace dataflow {

struct BatchOptions {
  Codec codec = Codec::kNone;
  int level = kDefaultLevel;
  Offset base_offset{0};
  LeaderEpoch leader_epoch{-1};
  std::optional<Timestamp> append_time;     // set: append time, and this is max_timestamp
  std::optional<Timestamp> delete_horizon;  // set: the flag, and this stands as first_timestamp
  ProducerId producer_id = kNoProducerId;
  ProducerEpoch producer_epoch = kNoProducerEpoch;
  int32_t base_sequence = kNoSequence;
  bool transactional = false;
  bool control = false;
};

// What compaction hands to a builder so that the rewritten batch keeps the identity of `original`:
// its base offset, epochs, producer, sequence, flags, codec, append time and delete horizon.
BatchOptions options_like(const BatchHeader& original);

// One batch a builder; finish() is the last call.
class BatchBuilder {
 public:
  explicit BatchBuilder(const BatchOptions& options = {});

  // The record takes the next offset (the first one base_offset). kTooLarge, with nothing added, if
  // the batch would pass 1 GiB.
  Status add(Timestamp timestamp, std::optional<std::string_view> key,
             std::optional<std::string_view> value, std::span<const RecordHeader> headers = {});
  // The record keeps `offset`. kInvalid unless it lies behind the last one and no more than
  // INT32_MAX behind base_offset.
  Status add_at(Offset offset, Timestamp timestamp, std::optional<std::string_view> key,
                std::optional<std::string_view> value, std::span<const RecordHeader> headers = {});

  // The batch shall end at `offset` although its last record lies before it (or it has none):
  // compaction keeps the range of offsets. kInvalid as for add_at.
  Status extend_to(Offset offset);

  int32_t record_count() const { return record_count_; }
  bool empty() const { return record_count_ == 0; }
  // The batch's bytes as they would be uncompressed; a compressed batch is rarely larger.
  size_t size_estimate() const { return kBatchHeaderBytes + records_.size(); }

  // The whole batch with its CRC. If the codec fails (out of memory) it is left uncompressed.
  std::string finish();

 private:
  BatchOptions options_;
  std::string records_;
  Timestamp first_timestamp_;
  Timestamp max_timestamp_ = kNoTimestamp;
  int32_t last_delta_ = -1;
  int32_t record_count_ = 0;
};

// The end of a transaction, as it stands in the log.
enum class ControlType : int16_t { kAbort = 0, kCommit = 1 };

struct ControlRecord {
  ControlType type = ControlType::kAbort;
  int32_t coordinator_epoch = 0;
};

// A control batch of one record at `offset`; the leader epoch is -1 until set_leader_epoch().
std::string build_control_batch(Offset offset, ProducerId producer_id, ProducerEpoch producer_epoch,
                                ControlType type, int32_t coordinator_epoch, Timestamp timestamp);

// From the record's key and value. kUnsupported for a control type that ends no transaction.
Result<ControlRecord> parse_control_record(std::optional<std::string_view> key,
                                           std::optional<std::string_view> value);
// From the whole batch, which must have its control flag.
Result<ControlRecord> parse_control_batch(std::string_view whole_batch);

}  // namespace dataflow
