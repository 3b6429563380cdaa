#include "fault_disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <set>
#include <utility>

#include "posix_error.h"

namespace dataflow {
namespace {

constexpr uint64_t kSector = 512;

using Random = std::mt19937_64;

bool coin(Random& random) { return (random() & 1) != 0; }

Result<std::vector<std::string>> split(const std::string& path) {
  std::vector<std::string> names;
  size_t start = 0;
  while (start <= path.size()) {
    const size_t end = std::min(path.find('/', start), path.size());
    std::string name = path.substr(start, end - start);
    start = end + 1;
    if (name.empty() || name == ".") continue;
    if (name == "..")
      return Status::invalid("looking up " + path + ": \"..\" is not followed here");
    names.push_back(std::move(name));
  }
  return names;
}

void put(std::string& content, uint64_t position, std::string_view data) {
  if (data.empty()) return;
  if (content.size() < position + data.size()) content.resize(position + data.size());
  std::memcpy(content.data() + position, data.data(), data.size());
}

void apply_whole(std::string& content, const DiskChange& change) {
  if (change.is_truncation) {
    content.resize(change.position);
  } else {
    put(content, change.position, change.data);
  }
}

// Sectors are those of the file, as a disk writes them, so the first and last piece may be short.
void put_torn_sectors(std::string& content, const DiskChange& change, Random& random) {
  const uint64_t end = change.position + change.data.size();
  for (uint64_t at = change.position; at < end;) {
    const uint64_t next = std::min(end, (at / kSector + 1) * kSector);
    if (coin(random)) {
      put(content, at, std::string_view(change.data).substr(at - change.position, next - at));
    }
    at = next;
  }
}

void apply_torn(std::string& content, const DiskChange& change, Tearing tearing, Random& random) {
  if (change.is_truncation || change.data.empty()) return;
  const bool sectors = tearing == Tearing::kEither ? coin(random) : tearing == Tearing::kSectors;
  if (sectors) {
    put_torn_sectors(content, change, random);
  } else {
    const uint64_t kept = random() % change.data.size();
    put(content, change.position, std::string_view(change.data).substr(0, kept));
  }
  // The new size may reach the disk without the bytes; they read as zeros then.
  const uint64_t end = change.position + change.data.size();
  if (coin(random) && content.size() < end) content.resize(end);
}

void settle_at_random(DiskNode& file, Tearing tearing, Random& random) {
  // A leaning for each file, so that "all but one" comes up as well as "about half".
  const uint64_t kept_percent = random() % 101;
  for (const DiskChange& change : file.unsynced) {
    if (random() % 100 < kept_percent) {
      apply_whole(file.durable, change);
    } else if (coin(random)) {
      apply_torn(file.durable, change, tearing, random);
    }
  }
}

// Visits each node once, though it may have several names.
void walk(const DiskNodePtr& node, std::set<const DiskNode*>& seen,
          const std::function<void(DiskNode&)>& visit) {
  if (!seen.insert(node.get()).second) return;
  visit(*node);
  for (const auto& [name, child] : node->cached_names) walk(child, seen, visit);
}

bool holds(const DiskNode& tree, const DiskNode* wanted) {
  if (&tree == wanted) return true;
  return std::any_of(tree.cached_names.begin(), tree.cached_names.end(),
                     [&](const auto& entry) { return holds(*entry.second, wanted); });
}

}  // namespace

Result<DiskNodePtr> FaultDisk::find(std::string_view doing, const std::string& path) const {
  DF_ASSIGN_OR_RETURN(const std::vector<std::string> names, split(path));
  DiskNodePtr node = root_;
  for (const std::string& name : names) {
    if (!node->is_dir) return errno_status(ENOTDIR, doing, path);
    auto found = node->cached_names.find(name);
    if (found == node->cached_names.end()) return errno_status(ENOENT, doing, path);
    node = found->second;
  }
  return node;
}

Result<DiskNodePtr> FaultDisk::find_durable(const std::string& path) const {
  DF_ASSIGN_OR_RETURN(const std::vector<std::string> names, split(path));
  DiskNodePtr node = root_;
  for (const std::string& name : names) {
    auto found = node->durable_names.find(name);
    if (found == node->durable_names.end()) {
      return errno_status(ENOENT, "looking for the durable name", path);
    }
    node = found->second;
  }
  return node;
}

Result<FaultDisk::Place> FaultDisk::locate(std::string_view doing, const std::string& path) const {
  DF_ASSIGN_OR_RETURN(std::vector<std::string> names, split(path));
  if (names.empty()) return errno_status(EISDIR, doing, path);
  DF_ASSIGN_OR_RETURN(DiskNodePtr dir, find(doing, parent_dir(path)));
  if (!dir->is_dir) return errno_status(ENOTDIR, doing, path);
  return Place{std::move(dir), std::move(names.back())};
}

void FaultDisk::apply(NameChange change) {
  for (const NameEdit& edit : change) {
    if (edit.node != nullptr) {
      edit.dir->cached_names[edit.name] = edit.node;
    } else {
      edit.dir->cached_names.erase(edit.name);
    }
  }
  unsynced_names_.push_back(std::move(change));
}

Result<DiskNodePtr> FaultDisk::create(const std::string& path, bool is_dir) {
  const std::string_view doing = is_dir ? "creating the folder" : "opening for writing";
  DF_ASSIGN_OR_RETURN(Place place, locate(doing, path));
  if (place.dir->cached_names.contains(place.name)) return errno_status(EEXIST, doing, path);
  auto node = std::make_shared<DiskNode>(is_dir);
  apply({{place.dir, place.name, node}});
  return node;
}

Status FaultDisk::remove(const std::string& path) {
  DF_ASSIGN_OR_RETURN(const DiskNodePtr node, find("removing", path));
  DF_ASSIGN_OR_RETURN(Place place, locate("removing", path));
  if (!node->cached_names.empty()) return errno_status(ENOTEMPTY, "removing", path);
  apply({{place.dir, place.name, nullptr}});
  return {};
}

Status FaultDisk::rename(const std::string& from, const std::string& to) {
  const std::string both = from + " to " + to;
  DF_ASSIGN_OR_RETURN(const DiskNodePtr node, find("renaming", from));
  DF_ASSIGN_OR_RETURN(Place old_place, locate("renaming", from));
  DF_ASSIGN_OR_RETURN(Place new_place, locate("renaming to", to));
  if (node->is_dir && holds(*node, new_place.dir.get())) {
    return errno_status(EINVAL, "renaming", both);
  }
  auto replaced = new_place.dir->cached_names.find(new_place.name);
  if (replaced != new_place.dir->cached_names.end()) {
    const DiskNode& old = *replaced->second;
    if (&old == node.get()) return {};  // two names of one file: POSIX leaves both
    if (old.is_dir && !node->is_dir) return errno_status(EISDIR, "renaming", both);
    if (!old.is_dir && node->is_dir) return errno_status(ENOTDIR, "renaming", both);
    if (!old.cached_names.empty()) return errno_status(ENOTEMPTY, "renaming", both);
  }
  apply({{old_place.dir, old_place.name, nullptr}, {new_place.dir, new_place.name, node}});
  return {};
}

Status FaultDisk::link(const std::string& from, const std::string& to) {
  const std::string both = from + " as " + to;
  DF_ASSIGN_OR_RETURN(const DiskNodePtr node, find("linking", from));
  if (node->is_dir) return errno_status(EPERM, "linking", both);
  DF_ASSIGN_OR_RETURN(Place place, locate("linking as", to));
  if (place.dir->cached_names.contains(place.name)) return errno_status(EEXIST, "linking", both);
  apply({{place.dir, place.name, node}});
  return {};
}

// Settles the operations whose new name lies in this folder, and the earlier ones that touch the
// same names: an operation that became durable before the one it rests on would undo half of that.
Status FaultDisk::sync_dir(const std::string& path) {
  DF_ASSIGN_OR_RETURN(const DiskNodePtr dir, find("syncing the folder", path));
  if (!dir->is_dir) return errno_status(ENOTDIR, "syncing the folder", path);
  std::set<std::pair<const DiskNode*, std::string>> needed;
  std::vector<bool> settled(unsynced_names_.size());
  for (size_t i = unsynced_names_.size(); i-- > 0;) {
    const NameChange& change = unsynced_names_[i];
    bool wanted = change.back().dir == dir;
    for (const NameEdit& edit : change) wanted |= needed.contains({edit.dir.get(), edit.name});
    settled[i] = wanted;
    if (!wanted) continue;
    for (const NameEdit& edit : change) needed.insert({edit.dir.get(), edit.name});
  }
  std::vector<NameChange> left;
  for (size_t i = 0; i < unsynced_names_.size(); ++i) {
    if (!settled[i]) {
      left.push_back(std::move(unsynced_names_[i]));
      continue;
    }
    for (const NameEdit& edit : unsynced_names_[i]) {
      if (edit.node != nullptr) {
        edit.dir->durable_names[edit.name] = edit.node;
      } else {
        edit.dir->durable_names.erase(edit.name);
      }
    }
  }
  unsynced_names_ = std::move(left);
  return {};
}

std::vector<std::string> FaultDisk::tree_of(const std::string& path) const {
  std::vector<std::string> paths;
  Result<DiskNodePtr> node = find("", path);
  if (!node.ok()) return paths;
  const std::string folder = path + "/";
  for (const auto& [name, child] : (*node)->cached_names) {
    for (std::string& below : tree_of(folder + name)) paths.push_back(std::move(below));
  }
  paths.push_back(path);
  return paths;
}

void FaultDisk::write(DiskNode& file, uint64_t position, std::string data) {
  if (data.empty()) return;
  put(file.cached, position, data);
  file.unsynced.push_back({false, position, std::move(data)});
}

void FaultDisk::truncate(DiskNode& file, uint64_t size) {
  file.cached.resize(size);
  file.unsynced.push_back({true, size, {}});
}

void FaultDisk::sync(DiskNode& file) {
  for (const DiskChange& change : file.unsynced) apply_whole(file.durable, change);
  file.unsynced.clear();
}

void FaultDisk::fail_sync(DiskNode& file, Random& random) {
  settle_at_random(file, Tearing::kEither, random);
  file.unsynced.clear();
  if (coin(random)) return;
  // The pages are gone from memory; the size is kept apart from them and stays.
  const size_t size = file.cached.size();
  file.cached = file.durable;
  file.cached.resize(size);
}

// Decides what becomes of the unsynced names: all lost without `random`, else those of each folder
// from some point on, and with an operation all later ones that touch the same names.
void FaultDisk::settle_names(Random* random) {
  std::map<const DiskNode*, size_t> pending;
  for (const NameChange& change : unsynced_names_) ++pending[change.back().dir.get()];
  // Drawn in the order of the journal: the outcome must not hang on where memory was given out.
  std::map<const DiskNode*, size_t> kept;
  for (const NameChange& change : unsynced_names_) {
    const DiskNode* dir = change.back().dir.get();
    if (kept.contains(dir)) continue;
    kept[dir] = random == nullptr ? 0 : (*random)() % (pending[dir] + 1);
  }
  std::set<std::pair<const DiskNode*, std::string>> lost;
  for (const NameChange& change : unsynced_names_) {
    size_t& left = kept[change.back().dir.get()];
    bool survives = left > 0;
    for (const NameEdit& edit : change) survives &= !lost.contains({edit.dir.get(), edit.name});
    left = survives ? left - 1 : 0;
    for (const NameEdit& edit : change) {
      if (!survives) {
        lost.insert({edit.dir.get(), edit.name});
      } else if (edit.node != nullptr) {
        edit.dir->durable_names[edit.name] = edit.node;
      } else {
        edit.dir->durable_names.erase(edit.name);
      }
    }
  }
  unsynced_names_.clear();
}

namespace {

// Makes what is durable the whole truth, from this node down.
void restart_from_durable(const DiskNodePtr& node, std::set<const DiskNode*>& seen,
                          const std::function<void(DiskNode&)>& settle_file) {
  if (!seen.insert(node.get()).second) return;
  if (!node->is_dir) {
    settle_file(*node);
    node->unsynced.clear();
    node->cached = node->durable;
    return;
  }
  node->cached_names = node->durable_names;
  for (const auto& [name, child] : node->cached_names) {
    restart_from_durable(child, seen, settle_file);
  }
}

}  // namespace

void FaultDisk::lose_unsynced() {
  settle_names(nullptr);
  std::set<const DiskNode*> seen;
  restart_from_durable(root_, seen, [](DiskNode&) {});
}

void FaultDisk::lose_at_random(const CrashOptions& options) {
  Random random(options.seed);
  settle_names(&random);
  std::set<const DiskNode*> seen;
  restart_from_durable(root_, seen,
                       [&](DiskNode& file) { settle_at_random(file, options.tearing, random); });
}

uint64_t FaultDisk::used_bytes() const {
  uint64_t used = 0;
  std::set<const DiskNode*> seen;
  walk(root_, seen, [&](DiskNode& node) { used += node.cached.size(); });
  return used;
}

}  // namespace dataflow
