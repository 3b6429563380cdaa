// Looks at RocksDB's logs before RocksDB does: cuts the tail that a crash left unsynced, and
// reports a record that was damaged after it had been synced. RocksDB itself would either drop
// whatever follows the first bad record or refuse to open after any torn write.
//
// Both logs are sequences of 32 KiB blocks of physical records: u32 masked CRC-32C of type and
// data, u16 length, u8 type (1 whole, 2 first, 3 middle, 4 last part), data; a block's last bytes,
// too few for a header, are zero.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/env.h"
#include "sync_mark.h"

namespace dataflow::meta {

struct LogScan {
  uint64_t size = 0;
  uint64_t valid_end = 0;             // behind the last whole record before any damage
  uint64_t records_after_damage = 0;  // valid beginnings of records further behind
  bool clean() const { return valid_end == size; }
};

LogScan scan_log(std::string_view log);

enum class LogVerdict { kClean, kTornTail, kDamaged };

struct LogFacts {
  LogKind kind = LogKind::kWal;
  LogScan scan;
  uint64_t synced_bytes = 0;  // lower bound
  bool newest = true;         // of its kind
};

LogVerdict judge_log(const LogFacts& facts);

// To be called with the store's lock held and RocksDB closed. kCorrupt names the file and the
// place.
Status check_logs(Env& env, const std::string& dir, const SyncMark& mark);

}  // namespace dataflow::meta
