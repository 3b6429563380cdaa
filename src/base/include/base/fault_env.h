// FaultEnv: a disk in memory and a clock that only the test moves. It knows for every byte and
// every name whether it was synced, so that a test can cut the power, kill the process, fail an
// fsync, fill the disk or flip a bit, and look at what is left. The same seed and calls give the
// same outcome.
//
// Safe to use from several threads. Files and locks must not outlive it. Paths are taken as text
// from one root: "/a/b", "a//b" and "./a/b" are the same; ".." is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "base/env.h"

namespace dataflow {

enum class FaultOp : uint8_t {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kTruncate,
  kCreateDir,
  kRemove,
  kRename,
  kLink,
  kSyncDir,
  kLock,
};

const char* fault_op_name(FaultOp op);

enum class CrashMode {
  kLoseAll,  // power loss: everything that was not synced is gone
  kKeepAll,  // SIGKILL: the page cache survives, and what was not synced still is not
  kRandom,   // power loss: each unsynced write is kept, lost or torn, in any combination
};

enum class Tearing { kSectors, kBytes, kEither };

struct CrashOptions {
  CrashMode mode = CrashMode::kLoseAll;
  uint64_t seed = 1;  // of kRandom
  Tearing tearing =
      Tearing::kEither;  // where kRandom tears a write: between 512-byte sectors or bytes
};

class FaultEnv final : public Env {
 public:
  static constexpr uint64_t kAlways = std::numeric_limits<uint64_t>::max();
  static constexpr uint64_t kUnlimited = uint64_t{1} << 50;

  explicit FaultEnv(uint64_t seed = 1);
  ~FaultEnv() override;

  // Ends the process that uses this disk. Every open File answers kIoError from now on, every lock
  // is free, and a crash point is forgotten. Files can be opened again at once. Faults, capacity
  // and the clock stay as they are.
  //
  // Names survive as a journaling file system keeps them: the operations of a folder are lost from
  // some point on, never one out of the middle; a rename is whole or not at all; syncing the folder
  // of the new name makes it durable. A folder that was never synced into its own parent is lost
  // with all that it holds, however well that was synced.
  void crash(CrashOptions options = {});

  // The operations that change the disk (anything but reading, looking and locking) are numbered
  // from 1; create_dirs and remove_tree count each folder and file. Operation number `n` and
  // whatever comes after it fail with kIoError "crashed", until crash(). Of a write that is
  // operation `n`, any part may have been done. 0 is never.
  void set_crash_after(uint64_t n);
  uint64_t mutations() const;  // the number of the last operation
  bool crashed() const;        // whether the crash point was reached

  // Called before each changing operation, by the thread that does it; it may use this Env.
  using Hook = std::function<void(uint64_t number, FaultOp op, const std::string& path)>;
  void set_hook(Hook hook);

  // From now on the operations of this kind on a path that contains `path_part` fail with `status`,
  // beginning with the `nth`, `times` times. A failing write may have been done in part. A failing
  // sync leaves each unsynced write on disk or not, marks all of them clean, and may drop them from
  // the page cache, where they then read as what the disk has.
  void fail(FaultOp op, Status status, std::string path_part = "", uint64_t nth = 1,
            uint64_t times = 1);
  void clear_faults();
  uint64_t faults_hit() const;  // how many operations failed because of fail()

  // A write that would take the disk beyond it fails with kNoSpace, after a part of it may be done.
  void set_capacity(uint64_t bytes);
  uint64_t used_bytes() const;

  // Damage to the medium: the bit differs for readers and after a crash.
  Status flip_bit(const std::string& path, uint64_t position, int bit = 0);

  // Bytes written to the file since its last sync.
  Result<uint64_t> unsynced_bytes(const std::string& path) const;
  // What kLoseAll would leave of the file; kNotFound if it would take the name away.
  Result<std::string> durable_content(const std::string& path) const;

  void advance_ms(int64_t ms);         // both clocks
  void advance_nanos(int64_t nanos);   // both clocks
  void set_now(Timestamp wall_clock);  // the wall clock alone, also backwards

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  bool exists(const std::string& path) override;
  Result<uint64_t> file_size(const std::string& path) override;
  Status remove_file(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status link(const std::string& from, const std::string& to) override;
  Status create_dirs(const std::string& path) override;
  Result<std::vector<DirEntry>> list_dir(const std::string& path) override;
  Status remove_tree(const std::string& path) override;
  Status sync_dir(const std::string& path) override;
  Result<uint64_t> free_bytes(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path, std::string_view holder) override;
  Timestamp now() override;
  int64_t monotonic_nanos() override;
  void fill_random(std::span<char> out) override;

  struct State;  // public for the files and locks that it hands out

 private:
  std::shared_ptr<State> state_;
};

}  // namespace dataflow
