// RocksDB's files over an Env. Knows two things that RocksDB does not tell: whether any sync has
// ever failed, and how far the newest logs are synced.
#pragma once

#include <rocksdb/file_system.h>

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/env.h"
#include "sync_mark.h"

namespace dataflow::meta {

// What the open files report to; outlives the file system that made them.
class SyncWatch {
 public:
  // Called behind each successful sync of a log file.
  void synced(LogFile file, uint64_t bytes);
  // The first one stays.
  void failed(const Status& cause);

  // ok until a sync failed, or until bytes that had to be taken back from a file could not be.
  Status failure() const;
  // Of the newest file that was synced.
  SyncedBound synced_bound(LogKind kind) const;

 private:
  mutable std::mutex mutex_;
  Status failure_;
  std::array<SyncedBound, 2> bounds_{};  // by LogKind
};

// `env` must outlive it. The store holds the folder's lock itself, so LockFile() always succeeds.
std::shared_ptr<rocksdb::FileSystem> make_rocks_file_system(Env& env,
                                                            std::shared_ptr<SyncWatch> watch);

}  // namespace dataflow::meta
