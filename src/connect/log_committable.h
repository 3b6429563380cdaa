// What the log sink hands over at a barrier: encoded output of one writer for one partition
// (docs/sink-log.md).
//
//   0 version      u8  | 1
//   1 reserved     u8  | 0
//   2 topic bytes  u16
//   4 partition    i32
//   8 end before   i64 | the partition's end when the checkpoint was prepared; -1 before that
//  16 topic id     16 bytes
//  32 topic, then whole record batches to the end; producer id and sequence stand in their headers
//
// Numbers are little-endian, those of the batches big-endian.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/uuid.h"
#include "types/log_batch.h"

namespace dataflow::connect {

struct LogCommittable {
  std::string_view topic;
  Uuid topic_id;
  PartitionIndex partition;
  Offset end_before{-1};
  std::string_view batches;
};

// The front of a committable; batches are appended to it.
std::string begin_committable(const std::string& topic, const Uuid& topic_id,
                              PartitionIndex partition);
// Views into `bytes`. kUnsupported for a newer version, kCorrupt for what is cut.
Result<LogCommittable> parse_committable(std::string_view bytes);

// Makes `producer` the batches' producer, with sequences from `sequence` on, which is moved behind
// the last one.
Status stamp_committable(std::string& bytes, Offset end_before, ProducerId producer,
                         int32_t& sequence);

struct BatchPiece {
  BatchHeader header;
  std::string_view bytes;
};
// The whole batches of `bytes`, one behind the other. kCorrupt if that is not what they are.
Result<std::vector<BatchPiece>> split_batches(std::string_view bytes);

}  // namespace dataflow::connect
