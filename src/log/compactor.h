// Compaction's two passes over batches, without files or locks: which offset is the newest of each
// key, and what of a batch is left. The offsets that go are covered by empty batches, so that the
// chain of offsets has no hole (see Segment::scan).
//
// What stays although no key asks for it:
//   * a producer's last batch, as an empty one: its sequence and epoch are what a log that is read
//     anew knows of the producer;
//   * a transaction's end for as long as a batch of the transaction is there, and then for
//     delete.retention.ms; without it a log that is read anew would take the transaction for open.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "log/topic_config.h"
#include "producer_table.h"
#include "types/log_batch.h"

namespace dataflow::log {

// The newest offset of each key, by a 128-bit hash of the key; as many keys as the memory allows.
class NewestOffsets {
 public:
  explicit NewestOffsets(size_t memory_bytes);

  // False if the memory is used up: the batch that this key came from is not mapped.
  bool note(std::string_view key, Offset offset);
  // Whether a newer record of this key is mapped.
  bool is_superseded(std::string_view key, Offset offset) const;
  size_t size() const { return newest_.size(); }

 private:
  struct Hash {
    uint64_t a, b;
    friend bool operator==(const Hash&, const Hash&) = default;
  };
  struct First {
    size_t operator()(const Hash& h) const noexcept { return h.a; }
  };
  static Hash hash(std::string_view key);

  size_t most_;
  std::unordered_map<Hash, Offset, First> newest_;
};

// Whether a batch belongs to an aborted transaction: spans in order of last_offset.
bool is_aborted(const BatchHeader& batch, const std::vector<AbortedSpan>& aborted);

struct CompactionRules {
  const NewestOffsets* newest = nullptr;
  const std::vector<AbortedSpan>* aborted = nullptr;
  const std::unordered_map<ProducerId, LastOfProducer>* producers = nullptr;
  const TopicConfig* config = nullptr;
  Timestamp now;
};

// Which transactions have batches in what a pass has read so far; it goes through the log from its
// start, in order.
class TransactionTrace {
 public:
  void note_batch(ProducerId producer) { with_batches_.insert(producer); }
  // At a transaction's end: whether the pass has read nothing else of it.
  bool end_of_nothing(ProducerId producer) { return with_batches_.erase(producer) == 0; }

  // The offsets of ends whose transactions have nothing left, so that readers need not be told of
  // them any more.
  void note_empty(Offset marker) { empty_.push_back(marker); }
  std::vector<Offset> take_empty() { return std::exchange(empty_, {}); }

 private:
  std::unordered_set<ProducerId> with_batches_;
  std::vector<Offset> empty_;
};

// Notes the keys of a whole batch. False if the memory is used up.
Result<bool> note_keys(std::string_view batch, const BatchHeader& header,
                       const std::vector<AbortedSpan>& aborted, NewestOffsets& newest);

// Takes batches in order and gives out what is left of them, in order.
class BatchFilter {
 public:
  using Output = std::function<Status(std::string_view batch)>;

  // Without rules nothing goes, and neighbouring gaps become one.
  BatchFilter(const CompactionRules* rules, TransactionTrace* trace, Output output)
      : rules_(rules), trace_(trace), output_(std::move(output)) {}

  Status add(std::string_view batch, const BatchHeader& header);
  // Behind the last batch.
  Status finish() { return write_filler(); }
  // Whether anything that was given out differs from what was taken.
  bool changed() const { return changed_; }

 private:
  Status add_end(std::string_view batch, const BatchHeader& header);
  Status add_records(std::string_view batch, const BatchHeader& header);
  Result<bool> keep_whole(std::string_view batch, const BatchHeader& header, bool* nothing_left,
                          bool* has_tombstone);
  Status rewrite(std::string_view batch, const BatchHeader& header, bool set_horizon);
  // Nothing of the batch is left but what its producer needs.
  Status empty(std::string_view batch, const BatchHeader& header);
  // The batch's offsets join the empty range that is not written yet.
  Status drop(const BatchHeader& header);
  Status write(std::string_view batch);
  Status write_filler();
  bool is_last_of_producer(const BatchHeader& header) const;
  bool has_span(Offset marker) const;
  bool is_gone(const BatchHeader& header, const struct RecordFate& fate) const;

  const CompactionRules* rules_;
  TransactionTrace* trace_;
  Output output_;
  bool changed_ = false;
  bool has_filler_ = false;
  Offset filler_from_;
  Offset filler_to_;
  LeaderEpoch filler_epoch_;
};

}  // namespace dataflow::log
