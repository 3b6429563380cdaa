// When a partition's file is extended with zeros ahead of its log, and how far.
//
// A sync of a file that grows waits for its data, for the new extent and for the inode, and then
// for the disk's flush; where the blocks are there and were written before, for the data and the
// flush alone. So a partition whose syncs are small keeps a run of zeros behind its end and writes
// over it. Zeros go to the disk as well, which large syncs would pay twice for: they go without.
// What a start makes of the zeros: docs/log-format.md.
#pragma once

#include <algorithm>
#include <cstdint>

namespace dataflow::log {

class ZeroTail {
 public:
  // Below this many bytes a sync, on average, zeros are worth their price.
  static constexpr uint64_t kSmallSync = 64 << 10;

  // `run` bytes at a time; 0: never.
  explicit ZeroTail(int64_t run) : run_(static_cast<uint64_t>(std::max<int64_t>(run, 0))) {}

  void note_sync(uint64_t bytes) {
    // One huge sync must not outweigh hundreds of small ones.
    average_ = (average_ * 7 + std::min(bytes, 4 * kSmallSync)) / 8;
  }
  bool wanted() const { return run_ > 0 && average_ < kSmallSync; }

  // Where the zeros end for a log that ends at `log_end`, in whole blocks, but not behind `limit`.
  // Not behind `log_end` if there should be none.
  uint64_t zeros_end(uint64_t log_end, uint64_t limit) const {
    if (!wanted()) return log_end;
    const uint64_t block = std::min<uint64_t>(run_, 4096);
    return std::min((log_end + run_) / block * block, limit);
  }

 private:
  const uint64_t run_;
  uint64_t average_ = kSmallSync;  // so that the first sync decides
};

}  // namespace dataflow::log
