// Compaction's two passes over batches, without files or locks: which offset is the newest of each
// key, and what of a batch is left. The offsets that go are covered by empty batches, so that the
// chain of offsets has no hole (see Segment::scan).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
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
  Timestamp now;
  int64_t delete_retention_ms = 0;
};

// Notes the keys of a whole batch. False if the memory is used up.
Result<bool> note_keys(std::string_view batch, const BatchHeader& header,
                       const std::vector<AbortedSpan>& aborted, NewestOffsets& newest);

// Takes batches in order and gives out what is left of them, in order.
class BatchFilter {
 public:
  using Output = std::function<Status(std::string_view batch)>;
  BatchFilter(const CompactionRules& rules, Output output)
      : rules_(rules), output_(std::move(output)) {}

  Status add(std::string_view batch, const BatchHeader& header);
  // Behind the last batch.
  Status finish() { return write_filler(); }

 private:
  Result<bool> keep_whole(std::string_view batch, const BatchHeader& header, bool* nothing_left,
                          bool* has_tombstone);
  Status rewrite(std::string_view batch, const BatchHeader& header, bool set_horizon);
  // The batch's offsets join the empty range that is not written yet.
  Status drop(const BatchHeader& header);
  Status write_filler();
  bool is_gone(const BatchHeader& header, const struct RecordFate& fate) const;

  CompactionRules rules_;
  Output output_;
  bool has_filler_ = false;
  Offset filler_from_;
  Offset filler_to_;
  LeaderEpoch filler_epoch_;
};

}  // namespace dataflow::log
