// What the log source's reader hands to its decoder as a chunk's bytes: whole record batches, and
// in front of them what is to be left out.
//
//   start i64, stop i64 | rows outside of [start, stop) are not wanted
//   count u32, then (producer id i64, first offset i64) each: the aborted transactions
//
// It never leaves the process.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/source.h"
#include "log/partition.h"

namespace dataflow::connect {

struct LogChunk {
  Offset start;
  Offset stop;
  std::vector<log::AbortedTransaction> aborted;
  std::string_view batches;
};

// A chunk that holds `outcome.slice` as read from the log's file, with room to read ahead behind.
// `batches` gets them.
Result<engine::Chunk> make_log_chunk(const log::ReadOutcome& outcome, Offset start, Offset stop,
                                     std::string_view* batches);
// Of batches that are in no file yet.
engine::Chunk make_log_chunk(std::string_view batches, Offset start, Offset stop);
Result<LogChunk> parse_log_chunk(std::string_view bytes);

}  // namespace dataflow::connect
