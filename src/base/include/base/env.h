// Env: every file and clock access of DataFlow. A test replaces it to lose unsynced writes, tear a
// write, flip a bit, fill the disk, fail an fsync, or turn the clock (see base/fault_env.h).
//
// Durability contract, which the fault Env enforces:
//   * bytes written with write_at are durable after a later successful sync() of that file;
//   * a created, renamed or removed name is durable after a later successful sync_dir() of its
//   folder;
//   * after a failed sync() nothing is known of the file's unsynced bytes, and a repeat proves
//   nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"

namespace dataflow {

enum class OpenMode {
  kRead,       // must exist
  kReadWrite,  // created if missing, kept as it is if present
  kCreate,     // must not exist
  kTruncate,   // created if missing, emptied if present
};

// Safe to use from several threads at once; overlapping writes are the caller's to avoid.
class File {
 public:
  virtual ~File() = default;

  // Reads up to out.size() bytes; fewer only where the file ends.
  virtual Result<size_t> read_at(uint64_t position, std::span<char> out) = 0;
  // Writes all of it or returns an error (then any part may be written). kNoSpace when the disk is
  // full.
  virtual Status write_at(uint64_t position, std::string_view data) = 0;
  // The parts one behind the other, as one write.
  virtual Status write_parts_at(uint64_t position, std::span<const std::string_view> parts) = 0;
  // fdatasync: the bytes, and the size needed to read them.
  virtual Status sync() = 0;
  virtual Status truncate(uint64_t size) = 0;
  virtual Result<uint64_t> size() = 0;
  // Nobody is likely to read these bytes soon: the machine need not keep them in memory. Only
  // advice; bytes that are not synced stay.
  virtual void forget_cached(uint64_t /*from*/, uint64_t /*to*/) {}
  // A descriptor for sendfile, or -1 where there is none (then the caller copies through read_at).
  virtual int descriptor() const { return -1; }
};

// Held for as long as the object lives; the file keeps the holder's words for the next one to read.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct DirEntry {
  std::string name;
  bool is_dir = false;
};

class Env {
 public:
  virtual ~Env() = default;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  virtual bool exists(const std::string& path) = 0;
  virtual Result<uint64_t> file_size(const std::string& path) = 0;
  virtual Status remove_file(const std::string& path) = 0;
  // Replaces `to` if it exists.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  // A second name for the same file.
  virtual Status link(const std::string& from, const std::string& to) = 0;
  // With all parents; no error if it exists.
  virtual Status create_dirs(const std::string& path) = 0;
  virtual Result<std::vector<DirEntry>> list_dir(const std::string& path) = 0;
  // With everything below it; no error if it does not exist.
  virtual Status remove_tree(const std::string& path) = 0;
  virtual Status sync_dir(const std::string& path) = 0;
  virtual Result<uint64_t> free_bytes(const std::string& path) = 0;
  // kConflict, naming the holder, if another process (or another lock of this one) holds it.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path,
                                                 std::string_view holder) = 0;

  virtual Timestamp now() = 0;            // wall clock
  virtual int64_t monotonic_nanos() = 0;  // never runs backwards; from an arbitrary start
  virtual void fill_random(std::span<char> out) = 0;

  // Helpers on top of the above.
  Result<std::string> read_file(const std::string& path, uint64_t max_bytes);
  // Whole and durable, or not there: temporary file, sync, rename, sync of the folder.
  Status write_file_durably(const std::string& path, std::string_view data);
};

// The machine's own files and clocks. Lives as long as the process.
Env& posix_env();

// The folder that holds `path` ("." if it has none).
std::string parent_dir(const std::string& path);

}  // namespace dataflow
