// One partition: a folder of segments, written by appends and read by offset.
//
// Offsets: log_start <= last_stable <= high_offset <= end.
//   end          behind the last appended batch (perhaps not on disk yet)
//   high_offset  behind the last batch known to be on disk; no reader sees past it
//   last_stable  before the first open transaction's first record
//
// Thread-safe. append() copies into the page cache and returns; await_synced() tells when it is on
// disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/uuid.h"
#include "log/topic_config.h"

namespace dataflow::log {

struct TopicPartition {
  std::string topic;
  PartitionIndex partition;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

enum class Isolation : uint8_t { kReadUncommitted = 0, kReadCommitted = 1 };

struct AppendOutcome {
  Offset base_offset;
  Offset next_offset;                    // await_synced() this one
  Timestamp append_time = kNoTimestamp;  // set where the topic stamps records itself
  Offset log_start;
  bool duplicate = false;  // an idempotent producer's repeat; the offsets are the first one's
};

// Bytes of whole batches inside one segment; the file stays readable for as long as it is held.
struct LogSlice {
  std::shared_ptr<File> file;
  uint64_t position = 0;
  uint32_t length = 0;
};

struct AbortedTransaction {
  ProducerId producer_id;
  Offset first_offset;
};

struct ReadOutcome {
  LogSlice slice;  // length 0: nothing to read at this offset yet
  Offset high_offset;
  Offset last_stable;
  Offset log_start;
  std::vector<AbortedTransaction> aborted;  // read_committed only
};

struct OffsetAtTime {
  Offset offset;
  Timestamp timestamp;
  LeaderEpoch epoch;
};

struct EpochEnd {
  LeaderEpoch epoch;
  Offset end;
};

struct ProducerView {  // DescribeProducers
  ProducerId producer_id;
  ProducerEpoch epoch;
  int32_t last_sequence;
  Timestamp last_timestamp;
  int32_t coordinator_epoch;
  std::optional<Offset> transaction_start;
};

enum class PartitionHealth : uint8_t {
  kWritable,
  kDamaged,     // bytes below the synced bound fail their checksum: reads go on, writes are refused
  kSyncFailed,  // a fsync failed: nothing unsynced can be trusted until the server starts again
};

struct PartitionStats {
  Offset log_start, last_stable, high_offset, end;
  uint64_t bytes = 0;
  size_t segments = 0;
  PartitionHealth health = PartitionHealth::kWritable;
  std::string health_reason;
  LeaderEpoch epoch;
};

// Told once, from a thread of the log, when high_offset or last_stable has moved or the partition
// went away. It must not block and not call back into the partition: it hands over to its own
// thread.
class AdvanceListener {
 public:
  virtual ~AdvanceListener() = default;
  virtual void on_advance() = 0;
};

class Partition {
 public:
  using SyncCallback = std::function<void(Status)>;

  virtual ~Partition() = default;

  virtual const TopicPartition& name() const = 0;
  virtual const Uuid& topic_id() const = 0;

  // `batches`: one or more whole record batches as a producer sent them. They are checked, given
  // their offsets, leader epoch and (where the topic says so) append time in place, and written as
  // they are. All or nothing. `from_client` false is for the server's own writers, which may append
  // control batches.
  virtual Result<AppendOutcome> append(std::span<char> batches, bool from_client = true) = 0;

  // A transaction's end: one control batch, by the transaction coordinator only.
  virtual Result<AppendOutcome> append_marker(ProducerId producer, ProducerEpoch epoch, bool commit,
                                              int32_t coordinator_epoch) = 0;

  // Calls back once (perhaps before it returns) when everything below `next_offset` is on disk or
  // can no longer get there. The callback runs on a thread of the log and must not block.
  virtual void await_synced(Offset next_offset, SyncCallback callback) = 0;

  // Whole batches from the one that holds `from`, at most max_bytes of them; the first is returned
  // even if it alone is larger when `at_least_one`. Fault::kOffsetOutOfRange, Fault::kDamagedData.
  virtual Result<ReadOutcome> read(Offset from, uint32_t max_bytes, Isolation isolation,
                                   bool at_least_one) = 0;

  // Of several listeners each is told once and then forgotten. If the partition's readable end is
  // already past `seen` the listener is not kept, and false is returned: look again.
  virtual bool listen(Offset seen_high, Offset seen_stable,
                      std::shared_ptr<AdvanceListener> listener) = 0;
  virtual void forget(const AdvanceListener* listener) = 0;

  virtual Offset log_start() const = 0;
  virtual Offset high_offset() const = 0;
  virtual Offset last_stable() const = 0;
  virtual LeaderEpoch leader_epoch() const = 0;
  virtual PartitionStats stats() const = 0;
  virtual std::vector<ProducerView> producers() const = 0;

  // The first record with a timestamp of at least `time`; nothing if there is none below the
  // readable end.
  virtual Result<std::optional<OffsetAtTime>> find_by_time(Timestamp time, Isolation isolation) = 0;
  // The record with the largest timestamp; nothing if the partition is empty.
  virtual Result<std::optional<OffsetAtTime>> find_max_time() = 0;
  // The largest epoch that is at most `epoch`, and the offset behind its last record; nothing if
  // unknown.
  virtual std::optional<EpochEnd> epoch_end(LeaderEpoch epoch) const = 0;

  // Forgets records below `before` (-1: everything readable). Durable when it returns; blocks.
  virtual Result<Offset> delete_records(Offset before) = 0;

  // Checks every batch of every segment; `progress` gets (bytes done, bytes in all). Blocks.
  virtual Status verify(const std::function<void(uint64_t, uint64_t)>& progress) = 0;
};

}  // namespace dataflow::log
