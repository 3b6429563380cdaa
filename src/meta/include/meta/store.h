// The one metadata store: every fact about topics, groups, transactions and the like lives here,
// once. Tables are key spaces of one RocksDB over an Env; a batch is applied whole or not at all,
// and is on disk before its caller hears of it.
//
// What a commit's status means:
//   ok          on disk and visible to readers.
//   kNoSpace    the disk is full. Nothing of the batch was or will be applied; try again later. The
//               store takes batches again by itself once there is space; reads work all the while.
//   kIoError    the disk failed while the batch was on its way. Whether it took effect is known
//   only
//               after the next open(): present it as unknown, not as undone. From here on the store
//               is read-only.
//   kReadOnly   the store refused because of an earlier failure, whose cause the message gives.
//   Nothing
//               of the batch was applied. Only a new open() ends this.
//   kInvalid, kTooLarge, kUnavailable, kCancelled   refused as a matter of the batch itself, of the
//               queue's limit, or because the store is closed. Nothing was applied.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/status.h"

namespace dataflow::meta {

// A named key space. `id` is on disk and never changes its meaning; 0 and 255 are the store's own.
struct Table {
  uint8_t id;
  std::string_view name;
};

// Changes that take effect together, in the order in which they were added.
class WriteBatch {
 public:
  void put(Table table, std::string_view key, std::string_view value);
  void remove(Table table, std::string_view key);  // no error if it does not exist
  // All keys that begin with `prefix`, also those put before by this batch and by batches queued
  // ahead of it; the whole table if it is empty.
  void remove_prefix(Table table, std::string_view prefix);

  bool empty() const { return operations_.empty(); }
  size_t count() const { return operations_.size(); }  // operations
  size_t bytes() const { return bytes_; }              // of keys and values

  enum class Kind : uint8_t { kPut, kRemove, kRemovePrefix };
  struct Operation {
    Kind kind;
    std::string key;  // begins with the table's id
    std::string value;
  };
  const std::vector<Operation>& operations() const { return operations_; }

 private:
  void add(Kind kind, Table table, std::string_view key, std::string_view value);

  std::vector<Operation> operations_;
  size_t bytes_ = 0;
};

struct StoreOptions {
  // RocksDB's memtable. The log of synced batches is held to about twice this, which bounds the
  // time of an open.
  size_t write_buffer_bytes = 4 << 20;
  size_t block_cache_bytes = 4 << 20;
  // Batches that wait for the disk; one that would go beyond it is refused with kUnavailable.
  size_t max_queued_bytes = 64 << 20;
  size_t max_batch_bytes = 16 << 20;
  // After a full disk, batches are taken again once this much is free: enough to write out what the
  // log holds.
  uint64_t resume_free_bytes = 16 << 20;
};

inline constexpr uint32_t kStoreFormat = 1;

// Safe to use from several threads at once.
class Store {
 public:
  // Creates the folder and the store if they are missing. One process at a time: kConflict names
  // the holder. kCorrupt names the damaged file; kUnsupported says that a newer build wrote the
  // store. `env` must outlive the store.
  static Result<std::unique_ptr<Store>> open(Env& env, const std::string& dir,
                                             StoreOptions options = {});
  ~Store();  // close()s, if that was not done

  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Both see every batch whose callback ran (or runs) with ok, and may see those just before it.
  Result<std::optional<std::string>> get(Table table, std::string_view key);
  // In key order, as of the moment of the call; `visit` gets the key without its table and returns
  // false to stop. It may read the store, but must not wait for a commit: one that comes after a
  // full disk waits for all scans to end.
  Status scan(Table table, std::string_view prefix,
              std::function<bool(std::string_view key, std::string_view value)> visit);

  // About how many bytes the keys that begin with `prefix` take with their values, without reading
  // them. What is still in memory is not counted; 0 if the store is closed.
  uint64_t approximate_bytes(Table table, std::string_view prefix);

  // Blocks until the batch is on disk. Not from a commit callback: that thread would wait for
  // itself (it is refused with kInvalid).
  Status commit(WriteBatch batch);

  // Does not block. Batches are applied in the order of the calls, all that are waiting in one
  // synced write; their callbacks run in that order on the store's writer thread and should be
  // short. A callback may read the store and call commit_async. A batch that is refused does not
  // hold back those behind it. After close() the callback runs on the calling thread.
  void commit_async(WriteBatch batch, std::function<void(Status)> done);

  // Returns once every batch queued before it is on disk or refused, and its callback has run. The
  // status is that of health().
  Status drain();

  // ok, kNoSpace while the disk is full, or kReadOnly with the first cause.
  Status health() const;

  // Commits what is queued, then closes. Reads and commits are refused from now on. No other call
  // may be running. Repeating it returns the first outcome.
  Status close();

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace dataflow::meta
