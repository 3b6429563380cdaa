// What a partition remembers of its producers: the last five batches of each (so that a repeat is
// recognised), its epoch (so that an older one is fenced), and its open transaction.
// Not thread-safe: the partition's lock guards it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "log/partition.h"
#include "types/log_batch.h"

namespace dataflow::log {

struct ProducerBatch {
  int32_t first_sequence;
  int32_t last_sequence;
  Offset first_offset;
  Offset last_offset;
  Timestamp timestamp;  // the append time told to the producer, kNoTimestamp if none was
};

struct ProducerEntry {
  static constexpr size_t kRemembered = 5;

  ProducerEpoch epoch = kNoProducerEpoch;
  uint8_t batch_count = 0;
  std::array<ProducerBatch, kRemembered> batches;  // oldest first
  Timestamp last_seen = kNoTimestamp;              // wall clock of the last append, for expiry
  int32_t coordinator_epoch = -1;
  std::optional<Offset> transaction_start;

  const ProducerBatch* newest() const { return batch_count ? &batches[batch_count - 1] : nullptr; }
  void remember(const ProducerBatch& batch);
};

// A finished, aborted transaction. `last_stable` is the partition's last stable offset right after
// it ended: no transaction that ended later began before that.
struct AbortedSpan {
  ProducerId producer_id;
  Offset first_offset;
  Offset last_offset;
  Offset last_stable;
};

// What the log must keep of a producer: its last batch, or (nothing) its epoch, which a
// transaction's end brought.
struct LastOfProducer {
  std::optional<Offset> offset;  // of the last record
  ProducerEpoch epoch;
};

class ProducerTable {
 public:
  // Whether the batch may be appended. A repeat of a remembered batch gives that one; nothing means
  // "new, append it". Control batches are for apply_marker() alone.
  Result<std::optional<ProducerBatch>> check(const BatchHeader& batch) const;

  // The batch was appended, or read at recovery, with its final offsets.
  void apply(const BatchHeader& batch, Timestamp told_time, Timestamp now);

  Status check_marker(ProducerId id, ProducerEpoch epoch, int32_t coordinator_epoch) const;
  // The transaction's end was appended, or read at recovery, at `marker`. `end` is the offset
  // behind it.
  void apply_marker(ProducerId id, ProducerEpoch epoch, bool commit, int32_t coordinator_epoch,
                    Offset marker, Timestamp now);

  std::optional<Offset> first_open() const;
  // Those that a reader of [from, upper) must be told of.
  std::vector<AbortedTransaction> aborted_between(Offset from, Offset upper) const;

  const std::vector<AbortedSpan>& aborted() const { return aborted_; }
  // Compaction left nothing of the transactions that ended at these offsets (in rising order).
  void forget_aborted(const std::vector<Offset>& markers);
  std::unordered_map<ProducerId, LastOfProducer> last_batches() const;

  // Forgets producers without an open transaction that were last seen before `time`, and aborted
  // transactions that end below the log's start.
  void expire(Timestamp time, Offset log_start);

  std::vector<ProducerView> views() const;
  bool in_transaction(ProducerId id) const;
  size_t size() const { return producers_.size(); }

  void encode(std::string& out) const;
  static Result<ProducerTable> decode(std::string_view& in);

 private:
  std::unordered_map<ProducerId, ProducerEntry> producers_;
  std::map<Offset, ProducerId> open_;  // by the transaction's first offset
  std::vector<AbortedSpan> aborted_;   // in order of last_offset
};

}  // namespace dataflow::log
