#include "database.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/system_clock.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <set>
#include <utility>

#include "base/logger.h"
#include "unseen_reads.h"

namespace dataflow::meta {

namespace {

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

Status from_rocksdb(const rocksdb::Status& status, const std::string& doing) {
  if (status.ok()) return {};
  const std::string message = doing + ": " + status.ToString();
  if (status.IsNoSpace()) return Status::no_space(message + "; free some space on that disk");
  if (status.IsCorruption()) {
    return Status::corrupt(message + "; keep a copy of the folder and restore it from a backup");
  }
  if (status.IsNotSupported()) return Status::unsupported(message);
  if (status.IsIOError()) return Status::io_error(message);
  return Status::internal(message);
}

// RocksDB's log of its own would be one more file that grows. What matters of it reaches us as
// statuses.
class DebugLogger final : public rocksdb::Logger {
 public:
  DebugLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    if (!log_enabled(LogLevel::kDebug)) return;
    char line[1024];
    std::vsnprintf(line, sizeof line, format, arguments);
    log_debug("rocksdb", {{"says", line}});
  }
};

class FailureListener final : public rocksdb::EventListener {
 public:
  const char* Name() const override { return "DataFlowFailureListener"; }

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    std::lock_guard lock(mutex_);
    if (first_.ok()) first_ = *status;
  }

  // The store decides when the disk is fit for writing again.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

  rocksdb::Status first() const {
    std::lock_guard lock(mutex_);
    return first_;
  }

 private:
  mutable std::mutex mutex_;
  rocksdb::Status first_;
};

// A background thread of RocksDB sleeps for a second after a failure, and a close waits for it.
// Nothing is tried again before the store says so, so there is nothing to slow down.
class ImpatientClock final : public rocksdb::SystemClockWrapper {
 public:
  using rocksdb::SystemClockWrapper::SystemClockWrapper;
  const char* Name() const override { return "DataFlowClock"; }
  void SleepForMicroseconds(int micros) override {
    SystemClockWrapper::SleepForMicroseconds(std::min(micros, 2000));
  }
};

class RocksEnv final : public rocksdb::EnvWrapper {
 public:
  explicit RocksEnv(const std::shared_ptr<rocksdb::FileSystem>& files)
      : rocksdb::EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    file_system_ = files;
    system_clock_ = std::make_shared<ImpatientClock>(rocksdb::SystemClock::Default());
  }
  const char* Name() const override { return "DataFlowEnv"; }
};

class RocksDatabase final : public Database {
 public:
  RocksDatabase(std::string dir, std::shared_ptr<SyncWatch> watch,
                std::shared_ptr<FailureListener> listener, std::unique_ptr<rocksdb::Env> env)
      : dir_(std::move(dir)),
        watch_(std::move(watch)),
        listener_(std::move(listener)),
        rocks_env_(std::move(env)) {}

  rocksdb::Env* rocks_env() { return rocks_env_.get(); }
  void adopt(rocksdb::DB* db) { db_.reset(db); }

  Result<std::optional<std::string>> get(std::string_view key) override {
    const UnseenReads unseen;
    rocksdb::PinnableSlice value;
    const rocksdb::Status status =
        db_->Get(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return from_rocksdb(status, "reading the metadata store " + dir_);
    return std::optional<std::string>(value.ToString());
  }

  Status scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) override {
    const UnseenReads unseen;
    const std::string end = prefix_successor(prefix);
    const rocksdb::Slice upper_bound = slice(end);
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &upper_bound;
    const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(options));
    for (rows->Seek(slice(prefix)); rows->Valid(); rows->Next()) {
      if (!visit(view(rows->key()), view(rows->value()))) return {};
    }
    return from_rocksdb(rows->status(), "scanning the metadata store " + dir_);
  }

  uint64_t approximate_bytes(std::string_view prefix) override {
    const std::string end = prefix_successor(prefix);
    const rocksdb::Range range(slice(prefix), slice(end));
    // Not of the memtable: its guess is by the mean of all rows there, which may be very unequal.
    const rocksdb::SizeApproximationOptions options;
    uint64_t bytes = 0;
    (void)db_->GetApproximateSizes(options, db_->DefaultColumnFamily(), &range, 1, &bytes);
    return bytes;
  }

  Status write(std::span<const WriteBatch* const> batches) override {
    const std::string doing = "committing to the metadata store " + dir_;
    rocksdb::WriteBatch all;
    std::set<std::string_view> put_keys;  // of this write so far
    for (const WriteBatch* batch : batches) {
      for (const WriteBatch::Operation& operation : batch->operations()) {
        DF_RETURN_IF_ERROR(from_rocksdb(add(all, operation, put_keys), doing));
      }
    }
    rocksdb::WriteOptions options;
    options.sync = true;
    const rocksdb::Status written = db_->Write(options, &all);
    // The write waited for a flush, which failed: RocksDB gave up before it wrote anything.
    if (written.IsIncomplete()) {
      const Status failure = background_failure();
      return failure.ok() ? from_rocksdb(written, doing) : failure;
    }
    return from_rocksdb(written, doing);
  }

  Status background_failure() override {
    return from_rocksdb(listener_->first(), "writing out the metadata store " + dir_);
  }

  Status close() override {
    return from_rocksdb(db_->Close(), "closing the metadata store " + dir_);
  }

 private:
  rocksdb::Status add(rocksdb::WriteBatch& to, const WriteBatch::Operation& operation,
                      std::set<std::string_view>& put_keys) {
    switch (operation.kind) {
      case WriteBatch::Kind::kPut:
        put_keys.insert(operation.key);
        return to.Put(slice(operation.key), slice(operation.value));
      case WriteBatch::Kind::kRemove: return to.Delete(slice(operation.key));
      case WriteBatch::Kind::kRemovePrefix: return remove_prefix(to, operation.key, put_keys);
    }
    return rocksdb::Status::InvalidArgument("unknown operation");
  }

  // Key by key, not as RocksDB's range deletion: with those, a scan of this version passes over a
  // table block that it cannot read and says nothing. There is one writer, so nothing comes in
  // between.
  rocksdb::Status remove_prefix(rocksdb::WriteBatch& to, std::string_view prefix,
                                const std::set<std::string_view>& put_keys) {
    for (auto key = put_keys.lower_bound(prefix); key != put_keys.end(); ++key) {
      if (!key->starts_with(prefix)) break;
      const rocksdb::Status added = to.Delete(slice(*key));
      if (!added.ok()) return added;
    }
    const std::string end = prefix_successor(prefix);
    const rocksdb::Slice upper_bound = slice(end);
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &upper_bound;
    const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(options));
    for (rows->Seek(slice(prefix)); rows->Valid(); rows->Next()) {
      const rocksdb::Status added = to.Delete(rows->key());
      if (!added.ok()) return added;
    }
    return rows->status();
  }

  const std::string dir_;
  const std::shared_ptr<SyncWatch> watch_;
  const std::shared_ptr<FailureListener> listener_;
  const std::unique_ptr<rocksdb::Env> rocks_env_;
  std::unique_ptr<rocksdb::DB> db_;  // last: closed before what it uses goes away
};

rocksdb::Options rocks_options(const StoreOptions& options) {
  rocksdb::Options rocks;
  rocks.create_if_missing = true;
  rocks.paranoid_checks = true;
  // check_logs() has cut what a crash left unsynced, so anything that does not fit now is damage.
  rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  rocks.recycle_log_file_num = 0;
  rocks.manual_wal_flush = false;
  rocks.max_bgerror_resume_count = 0;
  rocks.fail_if_options_file_error = false;  // there is none, see rocks_file_system.cc

  rocks.write_buffer_size = options.write_buffer_bytes;
  rocks.max_write_buffer_number = 3;
  rocks.max_total_wal_size = 2 * options.write_buffer_bytes;
  rocks.target_file_size_base = options.write_buffer_bytes;
  rocks.max_bytes_for_level_base = 4 * options.write_buffer_bytes;
  rocks.compression = rocksdb::kNoCompression;
  // Each open begins a new manifest, so this one stays small. While it is open the number of the
  // manifest must not change: see SyncMark::note().
  rocks.max_manifest_file_size = 1 << 30;

  rocks.max_background_jobs = 2;
  rocks.max_subcompactions = 1;
  rocks.max_file_opening_threads = 1;
  rocks.allow_concurrent_memtable_write = false;  // there is one writer
  rocks.enable_write_thread_adaptive_yield = false;

  rocks.info_log = std::make_shared<DebugLogger>();
  rocks.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  rocks.stats_dump_period_sec = 0;
  rocks.stats_persist_period_sec = 0;
  rocks.skip_stats_update_on_db_open = true;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, 0);
  table.cache_index_and_filter_blocks = true;
  rocks.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return rocks;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(Env& env, const std::string& dir,
                                                 const StoreOptions& options,
                                                 std::shared_ptr<SyncWatch> watch, Access access) {
  auto listener = std::make_shared<FailureListener>();
  auto database = std::make_unique<RocksDatabase>(
      dir, watch, listener, std::make_unique<RocksEnv>(make_rocks_file_system(env, watch)));
  rocksdb::Options rocks = rocks_options(options);
  rocks.env = database->rocks_env();
  rocks.listeners.push_back(listener);

  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = access == Access::kReadWrite
                                     ? rocksdb::DB::Open(rocks, dir, &db)
                                     : rocksdb::DB::OpenForReadOnly(rocks, dir, &db);
  DF_RETURN_IF_ERROR(from_rocksdb(opened, "opening the metadata store " + dir));
  database->adopt(db);
  return std::unique_ptr<Database>(std::move(database));
}

std::string prefix_successor(std::string_view prefix) {
  std::string next(prefix);
  while (!next.empty() && next.back() == '\xff') next.pop_back();
  if (!next.empty()) next.back() = static_cast<char>(static_cast<uint8_t>(next.back()) + 1);
  return next;
}

}  // namespace dataflow::meta
