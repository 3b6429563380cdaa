// The offset index and the time index of one segment: for about every index.interval.bytes of log
// one entry, in memory while the segment is written, in the file `<base offset>.index` afterwards.
//
// File: 64 bytes of head, then entries of 16 bytes, little-endian.
//   head:  0 magic "DFIX" | 4 u32 version (1) | 8 i64 base offset | 16 i64 next offset | 24 u64
//   bytes of
//          log covered | 32 i64 max timestamp | 40 i64 time of the last append | 48 u32 entries
//          | 52 u32 CRC-32C of all entries | 56 u32 CRC-32C of bytes 0-55 | 60 zero
//   entry: u32 offset of a batch (from the base) | u32 its position | i64 largest timestamp before
//   it
//
// The file is never synced by itself and may be lost or torn by a power loss: a head or body that
// fails its checksum means "make it anew from the log", never an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace dataflow::log {

struct IndexEntry {
  uint32_t offset_delta;
  uint32_t position;
  int64_t max_time_before;
};

// What is known of a segment without reading it.
struct SegmentSummary {
  Offset base_offset;
  Offset next_offset;
  uint64_t bytes = 0;
  Timestamp max_time = kNoTimestamp;
  Timestamp last_append = kNoTimestamp;
};

class SegmentIndex {
 public:
  // To be called for every batch, in order of position; keeps an entry when `interval` bytes have
  // passed since the last one. `max_time_before` is the largest timestamp of all earlier batches.
  void note_batch(uint32_t offset_delta, uint32_t position, Timestamp max_time_before,
                  int64_t interval);

  // The last entry at or before the offset; position 0 if there is none.
  IndexEntry floor_offset(uint32_t offset_delta) const;
  // The last entry before which every timestamp is below `time`.
  IndexEntry floor_time(Timestamp time) const;
  // The last entry at or before the position.
  IndexEntry floor_position(uint32_t position) const;

  // Forgets entries at or behind the position: the log was cut there.
  void cut(uint32_t position);
  size_t size() const { return entries_.size(); }
  size_t memory() const { return entries_.capacity() * sizeof(IndexEntry); }

  std::string encode(const SegmentSummary& summary) const;

 private:
  std::vector<IndexEntry> entries_;
};

inline constexpr size_t kIndexHeadBytes = 64;
// Nothing if the bytes are not a sound head. `entries` gets the number of entries that follow.
std::optional<SegmentSummary> decode_index_head(std::string_view head, uint32_t* entries);
// The whole file. Nothing unless head and entries are sound.
std::optional<SegmentIndex> decode_index(std::string_view file);

}  // namespace dataflow::log
