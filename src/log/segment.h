// One file of a partition's log, `<base offset, 20 digits>.log`: record batches one behind the
// other exactly as they travel, and its index beside it. A segment is appended to until it is full
// or old enough (the partition's active one), then only read.
//
// Locking: the partition's lock guards what append() changes; readers take a snapshot (View) under
// it and then work without it, because bytes that are in the log never change.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/ids.h"
#include "base/status.h"
#include "segment_index.h"
#include "types/log_batch.h"

namespace dataflow::log {

// The most offsets that a segment may hold: what its index counts in.
inline constexpr int64_t kMaxSegmentOffsets = INT32_MAX / 2;

// "00000000000000000042" + suffix.
std::string segment_file_name(Offset base, std::string_view suffix);
// The base offset if the name is a segment's `.log` file.
std::optional<Offset> parse_segment_file_name(std::string_view name);

// Walks batch headers from a position on, reading ahead in small chunks.
class BatchWalker {
 public:
  BatchWalker(File& file, uint64_t position, uint64_t limit);

  // The header at the current position; nothing at the limit. kCorrupt if what stands there is no
  // batch header or the batch passes the limit.
  Result<std::optional<BatchHeader>> peek();
  // Goes behind the batch that peek() gave.
  void skip(const BatchHeader& batch) { position_ += batch.total_bytes(); }
  void go_to(uint64_t position) { position_ = position; }
  uint64_t position() const { return position_; }

 private:
  Status fill(size_t bytes);

  File& file_;
  uint64_t position_;
  uint64_t limit_;
  std::string chunk_;
  uint64_t chunk_at_ = 0;
};

class Segment {
 public:
  Segment(Env& env, std::string dir, Offset base);

  Offset base() const { return base_; }
  std::string log_path() const;
  std::string index_path() const;

  // The open file; opened for reading at the first call unless it is open already.
  Result<std::shared_ptr<File>> file();
  // A new, empty file. kAlreadyExists if there is one with bytes in it.
  Status create();
  // The log's last segment goes on being written after a restart.
  Status open_for_append();

  // Writes behind the last byte. On an error nothing counts as written.
  Status write(std::string_view bytes);
  // Fills the file with zeros up to `to`, unless there are some behind the log's end already. That
  // only makes syncs cheaper (see zero_tail.h): if it fails, the segment goes without from then on.
  void write_zeros(uint64_t to);
  // The file ends where the log ends: takes away what a failed write left there, and the zeros.
  // Before the segment is sealed.
  Status trim();
  bool has_zeros() const { return zeros_end_ > summary_.bytes; }
  // After write(): the batch counts as part of the segment.
  void note(const BatchHeader& batch, uint64_t position, Timestamp now, int64_t index_interval);

  // The sealed segment's summary from its index file; false if that is missing or unsound.
  bool load_summary(uint64_t file_bytes);
  // Where the zeros begin that reach to the file's end; not before `from`.
  Result<uint64_t> find_zeros(uint64_t from, uint64_t file_bytes);
  // Reads and checks every batch from `from` to `file_bytes`, calling `batch` for each; stops at
  // the first one that is not sound and says where that is. Sound: a whole batch with its CRC,
  // whose base offset is the one behind the batch before. That holds in every log: compaction and
  // repair fill the offsets that they take out with empty batches, because the CRC does not cover
  // the base offset.
  struct ScanEnd {
    uint64_t position = 0;  // behind the last sound batch
    bool clean = true;      // the file ends there
    std::string what;       // why the scan stopped, if not clean
  };
  Result<ScanEnd> scan(uint64_t from, uint64_t file_bytes, Offset expected,
                       const std::function<Status(const BatchHeader&, std::string_view)>& batch);

  // The position of the first sound batch at or behind `from` whose offset is above `above`, found
  // by trying every byte: the chain of lengths is broken where something is damaged. Nothing if
  // none.
  Result<std::optional<uint64_t>> find_sound_batch(uint64_t from, uint64_t file_bytes,
                                                   Offset above);

  // The index, read from its file or made from the log at the first call.
  Result<std::shared_ptr<const SegmentIndex>> index();
  void start_index() { active_index_ = std::make_shared<SegmentIndex>(); }
  bool has_active_index() const { return active_index_ != nullptr; }
  std::shared_ptr<SegmentIndex> active_index() { return active_index_; }
  void adopt_index(SegmentIndex index) {
    active_index_ = std::make_shared<SegmentIndex>(std::move(index));
  }
  Status write_index(const SegmentSummary& summary, const SegmentIndex& index);
  // The active segment becomes a sealed one: its index stays in memory until drop_index().
  void drop_index();

  const SegmentSummary& summary() const { return summary_; }
  void set_summary(const SegmentSummary& summary) { summary_ = summary; }
  uint64_t bytes() const { return summary_.bytes; }
  Timestamp first_append() const { return first_append_; }
  void set_first_append(Timestamp t) { first_append_ = t; }

  // Cold data: what this process has not written and not yet checked.
  bool is_verified(uint64_t from, uint64_t to) const;
  void mark_verified(uint64_t from, uint64_t to);

 private:
  Result<SegmentIndex> make_index(File& log);

  Env& env_;
  const std::string dir_;
  const Offset base_;
  SegmentSummary summary_;
  Timestamp first_append_ = kNoTimestamp;
  mutable std::mutex lazy_;  // guards what is opened or read at first use
  std::shared_ptr<File> file_;
  bool has_junk_ = false;
  uint64_t zeros_end_ = 0;     // nothing but zeros from the log's end to here, if it is behind it
  bool zeros_failed_ = false;  // writing them did
  std::shared_ptr<SegmentIndex> active_index_;
  std::shared_ptr<const SegmentIndex> loaded_index_;
  std::map<uint64_t, uint64_t> verified_;  // disjoint ranges [from, to)
};

}  // namespace dataflow::log
