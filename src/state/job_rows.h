// The rows of a job's store (docs/state-format.md). All are in one table of the metadata store, so
// that one scan sees them as of one moment; the first byte of a key says what the row is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "meta/codec.h"
#include "meta/store.h"
#include "state/job_store.h"
#include "state/keyed_table.h"

namespace dataflow::state {

inline constexpr meta::Table kJobRows{1, "job"};
inline constexpr int kJobFormat = 2;
// A block is stored in parts of this size, so that nothing has to hold one in a piece on its way.
inline constexpr size_t kPartBytes = 4 << 20;

enum class RowKind : uint8_t {
  kFormat = 0,       // i32 format, i32 number of key groups
  kLast = 1,         // i64 checkpoint, i64 wall clock in ms
  kDelta = 2,        // (i64 checkpoint, i32 index): see PendingDelta
  kPart = 3,         // (i64 checkpoint, i32 index, i32 part): bytes of a block
                     // 4, 5: of format 1
  kNamed = 6,        // (operator, name): bytes
  kCommittable = 7,  // (i64 checkpoint, i32 index): sink, bytes
  kFact = 8,         // (name): bytes
  kBlock = 9,        // (operator, table, i64 number): see StoredBlock
};

inline meta::KeyWriter key_of(RowKind kind) {
  meta::KeyWriter key;
  key.u8(static_cast<uint8_t>(kind));
  return key;
}
std::string numbered_key(RowKind kind, CheckpointId checkpoint, uint32_t index);
std::string part_key(CheckpointId checkpoint, uint32_t index, uint32_t part);
std::string named_key(RowKind kind, std::string_view operator_id, std::string_view name);

// A delta block that the base does not have yet.
struct PendingDelta {
  CheckpointId checkpoint;
  uint32_t index = 0;  // within the checkpoint
  std::string operator_id;
  std::string table;
  int task = 0;
  uint64_t bytes = 0;
  uint32_t rows = 0;

  uint32_t parts() const { return static_cast<uint32_t>((bytes + kPartBytes - 1) / kPartBytes); }
};
std::string encode_delta_row(const PendingDelta& delta);
Result<PendingDelta> decode_delta_row(std::string_view key, std::string_view row);

struct StoredFile {
  int64_t number = 0;  // names it
  uint64_t bytes = 0;
  uint32_t crc = 0;  // CRC-32C of the whole file
};

// A block of folded deltas, in a file (block_files.h).
struct StoredBlock {
  std::string operator_id;
  std::string table;
  int64_t number = 0;    // of the blocks of a table, a later one is newer
  KeyGroupRange groups;  // all its rows are of these
  bool is_base = false;  // there is nothing older of these groups
  StoredFile file;
  uint64_t position = 0;  // in the file
  uint64_t bytes = 0;
  uint32_t rows = 0;
};
std::string block_key(const StoredBlock& block);
std::string encode_block_row(const StoredBlock& block);
Result<StoredBlock> decode_block_row(std::string_view key, std::string_view row);

struct LastCheckpoint {
  CheckpointId id;
  int64_t wall_millis = 0;
};
std::string encode_last(const LastCheckpoint& last);
Result<LastCheckpoint> decode_last(std::string_view row);

std::string encode_format();
// kUnsupported if this build cannot work with the store.
Status check_format(std::string_view row);

std::string encode_committable(const Committable& committable);
Result<StoredCommittable> decode_committable(std::string_view key, std::string_view row);

}  // namespace dataflow::state
