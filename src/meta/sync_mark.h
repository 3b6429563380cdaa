// What is known to be on disk of RocksDB's logs. RocksDB cannot tell a record that was damaged
// after it was synced from one that a power loss tore; these lower bounds can.
//
// File SYNCED: four slots of 512 bytes, 0 and 1 for the write-ahead log, 2 and 3 for the manifest,
// each pair written in turn so that a torn slot leaves the other. Slot, little-endian: u32 magic,
// u64 sequence (the highest of a pair is the newest), u64 file number, u64 bytes known to be
// synced, u32 CRC-32C of what is before it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/env.h"

namespace dataflow::meta {

enum class LogKind : uint8_t { kWal = 0, kManifest = 1 };

struct LogFile {
  LogKind kind;
  uint64_t number;
};

// nullopt for any other file of RocksDB.
std::optional<LogFile> parse_log_name(std::string_view name);

struct SyncedBound {
  uint64_t number = 0;
  uint64_t bytes = 0;
};

class SyncMark {
 public:
  static constexpr std::string_view kFileName = "SYNCED";

  static Result<std::unique_ptr<SyncMark>> open(Env& env, const std::string& dir);

  // 0 if nothing is known of the file.
  uint64_t bound_of(LogFile file) const;
  SyncedBound newest_wal() const;

  // Only for a log whose name is durable as well, and of a manifest the mention in CURRENT: the
  // number of a file that got lost is used again. Written but not synced: a mark may fall back
  // after a power loss, but it never runs ahead. Does nothing if the bound is known already.
  Status note(LogFile file, uint64_t bytes);

 private:
  struct Slot {
    uint64_t sequence = 0;
    SyncedBound bound;
  };
  explicit SyncMark(std::unique_ptr<File> file) : file_(std::move(file)) {}
  Status load();

  std::unique_ptr<File> file_;
  mutable std::mutex mutex_;
  std::array<Slot, 4> slots_{};
};

}  // namespace dataflow::meta
