// Looking at a log while no server has it open, and making a damaged partition writable again. The
// caller holds the data directory's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/uuid.h"
#include "log/partition.h"
#include "meta/store.h"

namespace dataflow::log {

// What meta knows of a partition.
struct StoredPartition {
  TopicPartition name;
  Uuid topic_id;
  std::string dir;
  Offset log_start{0};
  std::vector<std::pair<LeaderEpoch, Offset>> epochs;  // each with the offset where it began
};

// In order of topic and partition. `log_dir` is <data dir>/log.
Result<std::vector<StoredPartition>> stored_partitions(meta::Store& store,
                                                       const std::string& log_dir);

// A stretch of the log that was on disk once and cannot be read any more.
struct DamagedRange {
  std::string file;       // the segment; empty where the bytes are not there at all
  uint64_t position = 0;  // where the damage begins in it, and how many bytes it has there
  uint64_t bytes = 0;
  Offset first{0};  // the offsets from here to before `end` are lost
  Offset end{0};
  std::string what;
  std::string kept_in;  // after a repair: the copy of the damaged bytes
};

struct PartitionCheck {
  TopicPartition name;
  uint64_t bytes = 0;
  int64_t batches = 0;
  int64_t records = 0;
  Offset start{0};  // of the first segment
  Offset end{0};    // behind the last sound batch or the lost offsets behind it
  std::vector<DamagedRange> damage;
  // Bytes behind the log's last whole batch that nobody was promised; the next start cuts them off.
  uint64_t torn_tail_bytes = 0;
};

// (bytes done, bytes in all)
using CheckProgress = std::function<void(uint64_t, uint64_t)>;

// Reads every byte of the partition and changes nothing.
Result<PartitionCheck> check_partition(Env& env, const StoredPartition& partition,
                                       const CheckProgress& progress);

// The same, and afterwards the damage is gone: the lost offsets are covered by empty batches, so
// that the log is whole, its offsets are what they were, and the partition takes records again. The
// damaged bytes are copied to files in `aside_dir` first. A crash in the middle leaves the log as
// it was or repaired.
Result<PartitionCheck> repair_partition(Env& env, const StoredPartition& partition,
                                        const std::string& aside_dir,
                                        const CheckProgress& progress);

}  // namespace dataflow::log
