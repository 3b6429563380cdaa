// TableIndex: the rows of one keyed table in memory, by key, as its topic says them. The topic is
// read as queries read it: committed records only, deletions by key.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "engine/connectors.h"
#include "engine/stored_rows.h"
#include "log/log.h"
#include "sorted_rows.h"

namespace dataflow::jobs {

// Of keys as engine::StoredRows has them: from <= key < to.
struct KeyRange {
  std::string from;
  std::optional<std::string> to;  // none: no end
  bool one = false;               // `from` is a whole key, and that one is meant
};
// What is behind everything that begins with those bytes; none: nothing is.
std::optional<std::string> end_of_prefix(std::string prefix);

// What all indexes of a server share.
struct IndexMemory {
  explicit IndexMemory(int64_t most) : most(most) {}
  const int64_t most;
  std::atomic<int64_t> used = 0;
  std::atomic<bool> closing = false;  // who reads on gives up: kCancelled
};

class TableIndex {
 public:
  // Nothing is read yet. `source` is a topic of one partition with keys by which rows replace each
  // other; everything outlives the index.
  static Result<std::shared_ptr<TableIndex>> open(const plan::SourceSpec& source,
                                                  engine::Connectors& connectors, log::Log& log,
                                                  IndexMemory& memory);
  ~TableIndex();

  const Uuid& topic_id() const { return partition_->topic_id(); }
  const engine::StoredRows& codec() const { return codec_; }
  size_t rows() const;
  // Records that are committed and not read.
  int64_t behind() const;

  // Reads what was committed when it was called, and lets it be seen: an append of many records
  // whole or not at all. However fast others write, that much and no more is waited for. After an
  // error the index is of no use; kTooLarge: memory.
  Status catch_up();
  // The same until there is nothing more; then `wake` is called once when there is, or the topic
  // went away. Between two parts of that who calls catch_up() goes first.
  Status catch_up_and_wait(std::function<void()> wake);

  // Rows of what catch_up() has read. None: there are more than `most`, unless it stops at so many.
  Result<std::optional<Batch>> read(const std::vector<KeyRange>& ranges, size_t most,
                                    bool stop_at_most) const;

 private:
  TableIndex(engine::StoredRows codec, IndexMemory& memory)
      : codec_(std::move(codec)), memory_(memory) {}

  struct Change {
    int64_t offset;
    uint32_t key_bytes;
    uint32_t row_bytes;
    bool gone;
  };

  // Who waits for it is the next one, however soon the last holder comes again.
  std::unique_lock<std::mutex> hold_reader();
  // At least to there, where the committed end stands or once stood.
  Status advance(int64_t end);
  // The next records, if there are any.
  Result<bool> read_more();
  Status take_chunk(const engine::Chunk& chunk);
  // What was read of the records in front of `end` goes into the rows.
  Status put_in(int64_t end);

  engine::StoredRows codec_;
  IndexMemory& memory_;
  std::shared_ptr<log::Partition> partition_;
  std::unique_ptr<engine::Source> source_;

  std::mutex next_;       // held by who waits for the other one
  std::mutex advancing_;  // what follows is its holder's
  engine::Split split_;
  std::unique_ptr<engine::SplitReader> reader_;
  std::unique_ptr<engine::ChunkDecoder> decoder_;
  Status failed_;
  // Read and not seen yet: keys and rows behind each other.
  std::string waiting_;
  std::vector<Change> changes_;
  int64_t counted_ = 0;  // of memory_

  std::atomic<int64_t> seen_ = 0;    // the offset behind what is in rows_
  std::atomic<bool> whole_ = false;  // it has once caught up
  mutable std::shared_mutex seeing_;
  SortedRows rows_;
};

}  // namespace dataflow::jobs
