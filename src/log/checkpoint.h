// The file `checkpoint` of a partition: what recovery would otherwise have to read the whole log
// for. It stands for the log below `end`, which was on disk before the checkpoint was written, so
// recovery reads the log from there on only. Written whole under another name, synced, renamed.
//
//   little-endian: "DFCP" | u32 version (2) | u32 CRC-32C of all that follows | u32 zero
//     | i64 end | i64 base offset of its segment | u64 position of `end` there
//     | i64 offset up to which the log is compacted (from version 2 on)
//     | the table of producers (producer_table.cc)
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "producer_table.h"

namespace dataflow::log {

struct Checkpoint {
  Offset end{0};
  Offset segment{0};
  uint64_t position = 0;
  Offset compacted_to{0};
  ProducerTable producers;
};

std::string encode_checkpoint(const Checkpoint& checkpoint);
// kCorrupt, or kUnsupported for a newer version.
Result<Checkpoint> decode_checkpoint(std::string_view file);

}  // namespace dataflow::log
