#include "rocks_file_system.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace dataflow::meta {

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus to_io_status(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk: return IOStatus::OK();
    case StatusCode::kNotFound: return IOStatus::PathNotFound(status.message());
    case StatusCode::kNoSpace: return IOStatus::NoSpace(status.message());
    case StatusCode::kCorrupt: return IOStatus::Corruption(status.message());
    case StatusCode::kUnsupported: return IOStatus::NotSupported(status.message());
    default: return IOStatus::IOError(status.message());
  }
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// A copy of the options for others to read. RocksDB parses it again to compare it, which takes more
// than half of an open; it goes on without when it cannot write one.
bool is_options_copy(std::string_view name) { return name.starts_with("OPTIONS-"); }

// A name for the database, which begins as temporary file number 0. Whether it outlives a power
// loss does not matter, so an open need not wait for the disk because of it.
bool is_memo(std::string_view name) { return name == "IDENTITY" || name == "000000.dbtmp"; }

class SequentialFile final : public rocksdb::FSSequentialFile {
 public:
  explicit SequentialFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  IOStatus Read(size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) override {
    const Result<size_t> got = file_->read_at(position_, {scratch, n});
    *result = Slice(scratch, got.ok() ? *got : 0);
    position_ += result->size();
    return to_io_status(got.status());
  }

  IOStatus Skip(uint64_t n) override {
    position_ += n;
    return IOStatus::OK();
  }

 private:
  std::unique_ptr<File> file_;
  uint64_t position_ = 0;
};

class RandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  explicit RandomAccessFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    const Result<size_t> got = file_->read_at(offset, {scratch, n});
    *result = Slice(scratch, got.ok() ? *got : 0);
    return to_io_status(got.status());
  }

 private:
  std::unique_ptr<File> file_;
};

class WritableFile final : public rocksdb::FSWritableFile {
 public:
  WritableFile(std::unique_ptr<File> file, std::string path, std::shared_ptr<SyncWatch> watch)
      : file_(std::move(file)),
        path_(std::move(path)),
        log_(parse_log_name(base_name(path_))),
        watch_(std::move(watch)) {}

  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    if (!failure_.ok()) return to_io_status(failure_);
    failure_ = file_->write_at(size_, {data.data(), data.size()});
    if (failure_.ok()) {
      size_ += data.size();
    } else {
      take_back();
    }
    return to_io_status(failure_);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* context) override {
    return Append(data, options, context);
  }

  IOStatus Flush(const IOOptions&, IODebugContext*) override { return to_io_status(failure_); }

  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    if (!failure_.ok()) return to_io_status(failure_);
    if (is_memo(base_name(path_))) return IOStatus::OK();
    const Status status = file_->sync();
    if (!status.ok()) {
      failure_ = status.with_context("syncing " + path_);
      watch_->failed(failure_);
    } else if (log_) {
      watch_->synced(*log_, size_);
    }
    return to_io_status(failure_);
  }

  IOStatus Close(const IOOptions&, IODebugContext*) override {
    file_.reset();
    return IOStatus::OK();
  }

  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }

 private:
  // A record whose write was refused for want of space must not be found by the next open.
  void take_back() {
    if (failure_.code() != StatusCode::kNoSpace) return;
    const Status undone = file_->truncate(size_);
    if (!undone.ok()) {
      watch_->failed(undone.with_context("taking back a write that found the disk full: " + path_));
    }
  }

  std::unique_ptr<File> file_;
  const std::string path_;
  const std::optional<LogFile> log_;
  const std::shared_ptr<SyncWatch> watch_;
  uint64_t size_ = 0;
  Status failure_;  // the first; nothing is written behind a hole
};

class Directory final : public rocksdb::FSDirectory {
 public:
  Directory(Env& env, std::string path, std::shared_ptr<SyncWatch> watch)
      : env_(env), path_(std::move(path)), watch_(std::move(watch)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    const Status status = env_.sync_dir(path_);
    if (!status.ok()) watch_->failed(status.with_context("syncing the folder " + path_));
    return to_io_status(status);
  }

  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* context,
                               const rocksdb::DirFsyncOptions& what) override {
    if (what.reason == rocksdb::DirFsyncOptions::kFileRenamed &&
        is_memo(base_name(what.renamed_new_name))) {
      return IOStatus::OK();
    }
    return Fsync(options, context);
  }

  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  Env& env_;
  const std::string path_;
  const std::shared_ptr<SyncWatch> watch_;
};

class HeldLock final : public rocksdb::FileLock {};

class RocksFileSystem final : public rocksdb::FileSystem {
 public:
  RocksFileSystem(Env& env, std::shared_ptr<SyncWatch> watch)
      : env_(env), watch_(std::move(watch)) {}

  const char* Name() const override { return "DataFlowFileSystem"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             IODebugContext*) override {
    Result<std::unique_ptr<File>> file = env_.open(path, OpenMode::kRead);
    if (file.ok()) *result = std::make_unique<SequentialFile>(std::move(*file));
    return to_io_status(file.status());
  }

  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               IODebugContext*) override {
    Result<std::unique_ptr<File>> file = env_.open(path, OpenMode::kRead);
    if (file.ok()) *result = std::make_unique<RandomAccessFile>(std::move(*file));
    return to_io_status(file.status());
  }

  IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext*) override {
    if (is_options_copy(base_name(path))) return IOStatus::NotSupported(path);
    Result<std::unique_ptr<File>> file = env_.open(path, OpenMode::kTruncate);
    if (file.ok()) *result = std::make_unique<WritableFile>(std::move(*file), path, watch_);
    return to_io_status(file.status());
  }

  // RocksDB would write into a used file at its beginning; a new one is as good.
  IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                             const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* result,
                             IODebugContext* context) override {
    const Status renamed = env_.rename(old_path, path);
    if (!renamed.ok()) return to_io_status(renamed);
    return NewWritableFile(path, options, result, context);
  }

  IOStatus NewDirectory(const std::string& path, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext*) override {
    *result = std::make_unique<Directory>(env_, path, watch_);
    return IOStatus::OK();
  }

  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
    return env_.exists(path) ? IOStatus::OK() : IOStatus::NotFound(path);
  }

  IOStatus GetChildren(const std::string& dir, const IOOptions&, std::vector<std::string>* result,
                       IODebugContext*) override {
    result->clear();
    Result<std::vector<DirEntry>> entries = env_.list_dir(dir);
    if (!entries.ok()) return to_io_status(entries.status());
    for (DirEntry& entry : *entries) result->push_back(std::move(entry.name));
    return IOStatus::OK();
  }

  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    return to_io_status(env_.remove_file(path));
  }

  IOStatus Truncate(const std::string& path, size_t size, const IOOptions&,
                    IODebugContext*) override {
    Result<std::unique_ptr<File>> file = env_.open(path, OpenMode::kReadWrite);
    if (!file.ok()) return to_io_status(file.status());
    return to_io_status((*file)->truncate(size));
  }

  IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return to_io_status(env_.create_dirs(path));
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override {
    return to_io_status(env_.create_dirs(path));
  }
  IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return to_io_status(env_.remove_tree(path));
  }

  IOStatus GetFileSize(const std::string& path, const IOOptions&, uint64_t* size,
                       IODebugContext*) override {
    const Result<uint64_t> got = env_.file_size(path);
    *size = got.ok() ? *got : 0;
    return to_io_status(got.status());
  }

  IOStatus GetFileModificationTime(const std::string&, const IOOptions&, uint64_t*,
                                   IODebugContext*) override {
    return IOStatus::NotSupported("modification times");
  }

  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    return to_io_status(env_.rename(from, to));
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&,
                    IODebugContext*) override {
    return to_io_status(env_.link(from, to));
  }

  IOStatus LockFile(const std::string&, const IOOptions&, rocksdb::FileLock** lock,
                    IODebugContext*) override {
    *lock = new HeldLock();
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    delete lock;
    return IOStatus::OK();
  }

  IOStatus GetTestDirectory(const IOOptions&, std::string*, IODebugContext*) override {
    return IOStatus::NotSupported("test folders");
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* result,
                           IODebugContext*) override {
    *result = path;
    return IOStatus::OK();
  }
  IOStatus GetFreeSpace(const std::string& path, const IOOptions&, uint64_t* free,
                        IODebugContext*) override {
    const Result<uint64_t> got = env_.free_bytes(path);
    *free = got.ok() ? *got : 0;
    return to_io_status(got.status());
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is_dir,
                       IODebugContext*) override {
    *is_dir = env_.list_dir(path).ok();
    return *is_dir || env_.exists(path) ? IOStatus::OK() : IOStatus::PathNotFound(path);
  }

 private:
  Env& env_;
  const std::shared_ptr<SyncWatch> watch_;
};

}  // namespace

void SyncWatch::synced(LogFile file, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  bounds_[static_cast<size_t>(file.kind)] = {file.number, bytes};
}

void SyncWatch::failed(const Status& cause) {
  std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = cause;
}

Status SyncWatch::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

SyncedBound SyncWatch::synced_bound(LogKind kind) const {
  std::lock_guard lock(mutex_);
  return bounds_[static_cast<size_t>(kind)];
}

std::shared_ptr<rocksdb::FileSystem> make_rocks_file_system(Env& env,
                                                            std::shared_ptr<SyncWatch> watch) {
  return std::make_shared<RocksFileSystem>(env, std::move(watch));
}

}  // namespace dataflow::meta
