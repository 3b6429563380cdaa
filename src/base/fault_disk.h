// The disk of FaultEnv: files and folders, each in the form that readers see and in the form that a
// power loss leaves, with the journal of what lies between. Not thread-safe; FaultEnv locks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/fault_env.h"
#include "base/status.h"

namespace dataflow {

struct DiskNode;
using DiskNodePtr = std::shared_ptr<DiskNode>;

// A write, or a truncation (then `position` is the new size).
struct DiskChange {
  bool is_truncation;
  uint64_t position;
  std::string data;
};

struct DiskNode {
  explicit DiskNode(bool dir) : is_dir(dir) {}

  const bool is_dir;
  // Files. Invariant until a failed sync: durable with `unsynced` applied in order is `cached`.
  std::string cached;
  std::string durable;
  std::vector<DiskChange> unsynced;
  // Folders.
  std::map<std::string, DiskNodePtr> cached_names;
  std::map<std::string, DiskNodePtr> durable_names;
};

class FaultDisk {
 public:
  FaultDisk() : root_(std::make_shared<DiskNode>(true)) {}

  // kNotFound, or kIoError where a file stands in the place of a folder.
  Result<DiskNodePtr> find(std::string_view doing, const std::string& path) const;
  // What a power loss would find under this name.
  Result<DiskNodePtr> find_durable(const std::string& path) const;
  bool exists(const std::string& path) const { return find("", path).ok(); }

  // The folder must exist and the name must not.
  Result<DiskNodePtr> create(const std::string& path, bool is_dir);
  Status remove(const std::string& path);  // a file or an empty folder
  Status rename(const std::string& from, const std::string& to);
  Status link(const std::string& from, const std::string& to);
  Status sync_dir(const std::string& path);
  // Everything below `path` and then itself, children before their folder.
  std::vector<std::string> tree_of(const std::string& path) const;

  static void write(DiskNode& file, uint64_t position, std::string data);
  static void truncate(DiskNode& file, uint64_t size);
  static void sync(DiskNode& file);
  static void fail_sync(DiskNode& file, std::mt19937_64& random);

  void lose_unsynced();
  void lose_at_random(const CrashOptions& options);
  uint64_t used_bytes() const;

 private:
  struct NameEdit {
    DiskNodePtr dir;
    std::string name;
    DiskNodePtr node;  // null: the name goes away
  };
  // One operation; the last edit is the one whose folder must be synced.
  using NameChange = std::vector<NameEdit>;
  struct Place {
    DiskNodePtr dir;
    std::string name;
  };

  Result<Place> locate(std::string_view doing, const std::string& path) const;
  void apply(NameChange change);
  void settle_names(std::mt19937_64* random);

  DiskNodePtr root_;
  std::vector<NameChange> unsynced_names_;  // of all folders, in order
};

}  // namespace dataflow
