#include "base/fault_env.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

#include "fault_disk.h"
#include "posix_error.h"

namespace dataflow {

const char* fault_op_name(FaultOp op) {
  switch (op) {
    case FaultOp::kOpen: return "open";
    case FaultOp::kRead: return "read";
    case FaultOp::kWrite: return "write";
    case FaultOp::kSync: return "sync";
    case FaultOp::kTruncate: return "truncate";
    case FaultOp::kCreateDir: return "create_dir";
    case FaultOp::kRemove: return "remove";
    case FaultOp::kRename: return "rename";
    case FaultOp::kLink: return "link";
    case FaultOp::kSyncDir: return "sync_dir";
    case FaultOp::kLock: return "lock";
  }
  return "unknown";
}

struct FaultEnv::State {
  struct Rule {
    FaultOp op;
    Status status;
    std::string path_part;
    uint64_t skip;  // how many matches still go through
    uint64_t times;
  };
  // What became of an operation before it began.
  struct Verdict {
    Status status;
    // A write that fails here may have been done in part all the same.
    bool may_be_partial = false;
  };

  std::mutex mutex;
  FaultDisk disk;
  std::mt19937_64 random;
  std::vector<Rule> rules;
  Hook hook;
  std::map<const DiskNode*, DiskNodePtr> locked;
  uint64_t life = 1;  // raised by each crash: what an earlier life opened is dead
  uint64_t mutations = 0;
  uint64_t crash_after = 0;
  bool crashed = false;
  uint64_t faults_hit = 0;
  uint64_t capacity = kUnlimited;
  int64_t wall_nanos = 1'700'000'000'000'000'000;
  int64_t monotonic = 1'000'000'000;

  Status crashed_status(FaultOp op, const std::string& path) const {
    return Status::io_error(std::string("crashed: ") + fault_op_name(op) + " of " + path);
  }

  // Whether the operation may begin. `other` is the second path of a rename or link.
  Verdict admit(FaultOp op, bool changes, const std::string& path, const std::string& other = {}) {
    std::unique_lock lock(mutex);
    if (crashed) return {crashed_status(op, path)};
    if (changes) {
      const uint64_t number = ++mutations;
      if (hook) {
        const Hook called = hook;
        lock.unlock();
        called(number, op, path);
        lock.lock();
        if (crashed) return {crashed_status(op, path)};
      }
      if (crash_after != 0 && number >= crash_after) {
        crashed = true;
        return {crashed_status(op, path), true};
      }
    }
    for (Rule& rule : rules) {
      const bool matches = rule.op == op && rule.times > 0 &&
                           (path.find(rule.path_part) != std::string::npos ||
                            (!other.empty() && other.find(rule.path_part) != std::string::npos));
      if (!matches) continue;
      if (rule.skip > 0) {
        --rule.skip;
        continue;
      }
      if (rule.times != kAlways) --rule.times;
      ++faults_hit;
      return {rule.status.with_context(std::string(fault_op_name(op)) + " of " + path), true};
    }
    return {};
  }

  // How many of `wanted` new bytes still fit.
  uint64_t room_for(uint64_t wanted) const {
    if (capacity >= kUnlimited) return wanted;
    const uint64_t used = disk.used_bytes();
    return used >= capacity ? 0 : std::min(wanted, capacity - used);
  }
};

namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 32;

using State = FaultEnv::State;

class FaultFile final : public File {
 public:
  FaultFile(std::shared_ptr<State> state, DiskNodePtr node, std::string path, bool writable)
      : state_(std::move(state)),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable),
        life_(state_->life) {}

  Result<size_t> read_at(uint64_t position, std::span<char> out) override {
    DF_RETURN_IF_ERROR(state_->admit(FaultOp::kRead, false, path_).status);
    const std::lock_guard lock(state_->mutex);
    DF_RETURN_IF_ERROR(check_alive(FaultOp::kRead));
    if (position >= node_->cached.size()) return size_t{0};
    const size_t size = std::min<uint64_t>(out.size(), node_->cached.size() - position);
    node_->cached.copy(out.data(), size, position);
    return size;
  }

  Status write_at(uint64_t position, std::string_view data) override {
    const State::Verdict verdict = state_->admit(FaultOp::kWrite, true, path_);
    const std::lock_guard lock(state_->mutex);
    DF_RETURN_IF_ERROR(check_writable(FaultOp::kWrite));
    if (position > kMaxFileBytes || data.size() > kMaxFileBytes - position) {
      return errno_status(EFBIG, "writing", path_);
    }
    if (!verdict.status.ok()) {
      if (verdict.may_be_partial) write_part(position, data);
      return verdict.status;
    }
    const uint64_t end = position + data.size();
    const uint64_t size = node_->cached.size();
    const uint64_t growth = end > size ? end - size : 0;
    const uint64_t room = state_->room_for(growth);
    if (room == growth) {
      FaultDisk::write(*node_, position, std::string(data));
      return {};
    }
    const uint64_t fitting_end = size + room;
    if (fitting_end > position) write_part(position, data.substr(0, fitting_end - position));
    return errno_status(ENOSPC, "writing", path_);
  }

  Status write_parts_at(uint64_t position, std::span<const std::string_view> parts) override {
    std::string whole;
    for (std::string_view part : parts) whole.append(part);
    return write_at(position, whole);
  }

  Status sync() override {
    const State::Verdict verdict = state_->admit(FaultOp::kSync, true, path_);
    const std::lock_guard lock(state_->mutex);
    DF_RETURN_IF_ERROR(check_alive(FaultOp::kSync));
    if (verdict.status.ok()) {
      FaultDisk::sync(*node_);
    } else if (!state_->crashed) {
      FaultDisk::fail_sync(*node_, state_->random);
    }
    return verdict.status;
  }

  Status truncate(uint64_t size) override {
    DF_RETURN_IF_ERROR(state_->admit(FaultOp::kTruncate, true, path_).status);
    const std::lock_guard lock(state_->mutex);
    DF_RETURN_IF_ERROR(check_writable(FaultOp::kTruncate));
    if (size > kMaxFileBytes) return errno_status(EFBIG, "truncating", path_);
    FaultDisk::truncate(*node_, size);
    return {};
  }

  Result<uint64_t> size() override {
    const std::lock_guard lock(state_->mutex);
    DF_RETURN_IF_ERROR(check_alive(FaultOp::kRead));
    if (state_->crashed) return state_->crashed_status(FaultOp::kRead, path_);
    return node_->cached.size();
  }

 private:
  Status check_alive(FaultOp op) const {
    return life_ == state_->life ? Status() : state_->crashed_status(op, path_);
  }

  Status check_writable(FaultOp op) const {
    DF_RETURN_IF_ERROR(check_alive(op));
    return writable_ ? Status() : errno_status(EBADF, "writing", path_ + " opened for reading");
  }

  void write_part(uint64_t position, std::string_view data) {
    const uint64_t size = node_->cached.size();
    const uint64_t end = position + data.size();
    const uint64_t growth = end > size ? end - size : 0;
    const uint64_t most = data.size() - std::min(data.size(), growth - state_->room_for(growth));
    // Nothing and all that fits are the cases worth most, so they come up more often than by
    // chance.
    const uint64_t choice = state_->random() % 4;
    const uint64_t part = choice == 0 ? 0 : choice == 1 ? most : state_->random() % (most + 1);
    FaultDisk::write(*node_, position, std::string(data.substr(0, part)));
  }

  const std::shared_ptr<State> state_;
  const DiskNodePtr node_;
  const std::string path_;
  const bool writable_;
  const uint64_t life_;
};

class FaultLock final : public FileLock {
 public:
  FaultLock(std::shared_ptr<State> state, DiskNodePtr node)
      : state_(std::move(state)), node_(std::move(node)), life_(state_->life) {}
  ~FaultLock() override {
    const std::lock_guard lock(state_->mutex);
    if (life_ == state_->life) state_->locked.erase(node_.get());
  }

 private:
  const std::shared_ptr<State> state_;
  const DiskNodePtr node_;
  const uint64_t life_;
};

}  // namespace

FaultEnv::FaultEnv(uint64_t seed) : state_(std::make_shared<State>()) { state_->random.seed(seed); }

FaultEnv::~FaultEnv() = default;

void FaultEnv::crash(CrashOptions options) {
  const std::lock_guard lock(state_->mutex);
  switch (options.mode) {
    case CrashMode::kLoseAll: state_->disk.lose_unsynced(); break;
    case CrashMode::kKeepAll: break;
    case CrashMode::kRandom: state_->disk.lose_at_random(options); break;
  }
  ++state_->life;
  state_->locked.clear();
  state_->crash_after = 0;
  state_->crashed = false;
}

void FaultEnv::set_crash_after(uint64_t n) {
  const std::lock_guard lock(state_->mutex);
  state_->crash_after = n;
}

uint64_t FaultEnv::mutations() const {
  const std::lock_guard lock(state_->mutex);
  return state_->mutations;
}

bool FaultEnv::crashed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->crashed;
}

void FaultEnv::set_hook(Hook hook) {
  const std::lock_guard lock(state_->mutex);
  state_->hook = std::move(hook);
}

void FaultEnv::fail(FaultOp op, Status status, std::string path_part, uint64_t nth,
                    uint64_t times) {
  const std::lock_guard lock(state_->mutex);
  state_->rules.push_back(
      {op, std::move(status), std::move(path_part), nth == 0 ? 0 : nth - 1, times});
}

void FaultEnv::clear_faults() {
  const std::lock_guard lock(state_->mutex);
  state_->rules.clear();
}

uint64_t FaultEnv::faults_hit() const {
  const std::lock_guard lock(state_->mutex);
  return state_->faults_hit;
}

void FaultEnv::set_capacity(uint64_t bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->capacity = bytes;
}

uint64_t FaultEnv::used_bytes() const {
  const std::lock_guard lock(state_->mutex);
  return state_->disk.used_bytes();
}

Status FaultEnv::flip_bit(const std::string& path, uint64_t position, int bit) {
  const std::lock_guard lock(state_->mutex);
  DF_ASSIGN_OR_RETURN(const DiskNodePtr node, state_->disk.find("flipping a bit of", path));
  if (position >= node->cached.size()) {
    return Status::out_of_range("flipping a bit of " + path + ": it has " +
                                std::to_string(node->cached.size()) + " bytes");
  }
  const char mask = static_cast<char>(1 << (bit & 7));
  node->cached[position] ^= mask;
  if (position < node->durable.size()) node->durable[position] ^= mask;
  return {};
}

Result<uint64_t> FaultEnv::unsynced_bytes(const std::string& path) const {
  const std::lock_guard lock(state_->mutex);
  DF_ASSIGN_OR_RETURN(const DiskNodePtr node, state_->disk.find("looking at", path));
  uint64_t bytes = 0;
  for (const DiskChange& change : node->unsynced) bytes += change.data.size();
  return bytes;
}

Result<std::string> FaultEnv::durable_content(const std::string& path) const {
  const std::lock_guard lock(state_->mutex);
  DF_ASSIGN_OR_RETURN(const DiskNodePtr node, state_->disk.find_durable(path));
  return node->durable;
}

void FaultEnv::advance_ms(int64_t ms) { advance_nanos(ms * 1'000'000); }

void FaultEnv::advance_nanos(int64_t nanos) {
  const std::lock_guard lock(state_->mutex);
  state_->wall_nanos += nanos;
  state_->monotonic += nanos;
}

void FaultEnv::set_now(Timestamp wall_clock) {
  const std::lock_guard lock(state_->mutex);
  state_->wall_nanos = wall_clock.value() * 1'000'000;
}

Result<std::unique_ptr<File>> FaultEnv::open(const std::string& path, OpenMode mode) {
  const bool writable = mode != OpenMode::kRead;
  const char* doing = writable ? "opening for writing" : "opening";
  DF_RETURN_IF_ERROR(state_->admit(FaultOp::kOpen, writable, path).status);
  const std::lock_guard lock(state_->mutex);
  Result<DiskNodePtr> node = state_->disk.find(doing, path);
  if (!node.ok()) {
    if (!writable || node.status().code() != StatusCode::kNotFound) return node.status();
    node = state_->disk.create(path, false);
    if (!node.ok()) return node.status();
  } else {
    if (mode == OpenMode::kCreate) return errno_status(EEXIST, doing, path);
    if ((*node)->is_dir) return errno_status(EISDIR, doing, path);
    if (mode == OpenMode::kTruncate && !(*node)->cached.empty()) FaultDisk::truncate(**node, 0);
  }
  return std::unique_ptr<File>(std::make_unique<FaultFile>(state_, *node, path, writable));
}

bool FaultEnv::exists(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  return state_->disk.exists(path);
}

Result<uint64_t> FaultEnv::file_size(const std::string& path) {
  DF_RETURN_IF_ERROR(state_->admit(FaultOp::kRead, false, path).status);
  const std::lock_guard lock(state_->mutex);
  DF_ASSIGN_OR_RETURN(const DiskNodePtr node, state_->disk.find("asking the size of", path));
  return node->cached.size();
}

Status FaultEnv::remove_file(const std::string& path) {
  DF_RETURN_IF_ERROR(state_->admit(FaultOp::kRemove, true, path).status);
  const std::lock_guard lock(state_->mutex);
  DF_ASSIGN_OR_RETURN(const DiskNodePtr node, state_->disk.find("removing", path));
  if (node->is_dir) return errno_status(EISDIR, "removing", path);
  return state_->disk.remove(path);
}

Status FaultEnv::rename(const std::string& from, const std::string& to) {
  DF_RETURN_IF_ERROR(state_->admit(FaultOp::kRename, true, from, to).status);
  const std::lock_guard lock(state_->mutex);
  return state_->disk.rename(from, to);
}

Status FaultEnv::link(const std::string& from, const std::string& to) {
  DF_RETURN_IF_ERROR(state_->admit(FaultOp::kLink, true, from, to).status);
  const std::lock_guard lock(state_->mutex);
  return state_->disk.link(from, to);
}

Status FaultEnv::create_dirs(const std::string& path) {
  for (size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    const std::string prefix = path.substr(0, end);
    {
      const std::lock_guard lock(state_->mutex);
      Result<DiskNodePtr> node = state_->disk.find("creating the folder", prefix);
      if (node.ok() && (*node)->is_dir) continue;
      if (node.ok()) return errno_status(ENOTDIR, "creating the folder", path);
    }
    DF_RETURN_IF_ERROR(state_->admit(FaultOp::kCreateDir, true, prefix).status);
    const std::lock_guard lock(state_->mutex);
    Status status = state_->disk.create(prefix, true).status();
    // Another thread may have made it in between.
    if (!status.ok() && status.code() != StatusCode::kAlreadyExists) return status;
  }
  return {};
}

Result<std::vector<DirEntry>> FaultEnv::list_dir(const std::string& path) {
  DF_RETURN_IF_ERROR(state_->admit(FaultOp::kRead, false, path).status);
  const std::lock_guard lock(state_->mutex);
  DF_ASSIGN_OR_RETURN(const DiskNodePtr node, state_->disk.find("listing the folder", path));
  if (!node->is_dir) return errno_status(ENOTDIR, "listing the folder", path);
  std::vector<DirEntry> entries;
  for (const auto& [name, child] : node->cached_names) entries.push_back({name, child->is_dir});
  return entries;
}

Status FaultEnv::remove_tree(const std::string& path) {
  std::vector<std::string> paths;
  {
    const std::lock_guard lock(state_->mutex);
    paths = state_->disk.tree_of(path);
  }
  for (const std::string& each : paths) {
    DF_RETURN_IF_ERROR(state_->admit(FaultOp::kRemove, true, each).status);
    const std::lock_guard lock(state_->mutex);
    DF_RETURN_IF_ERROR(state_->disk.remove(each));
  }
  return {};
}

Status FaultEnv::sync_dir(const std::string& path) {
  DF_RETURN_IF_ERROR(state_->admit(FaultOp::kSyncDir, true, path).status);
  const std::lock_guard lock(state_->mutex);
  return state_->disk.sync_dir(path);
}

Result<uint64_t> FaultEnv::free_bytes(const std::string& path) {
  DF_RETURN_IF_ERROR(state_->admit(FaultOp::kRead, false, path).status);
  const std::lock_guard lock(state_->mutex);
  DF_RETURN_IF_ERROR(state_->disk.find("asking the free space of", path).status());
  const uint64_t used = state_->disk.used_bytes();
  return used >= state_->capacity ? uint64_t{0} : state_->capacity - used;
}

Result<std::unique_ptr<FileLock>> FaultEnv::lock(const std::string& path, std::string_view holder) {
  DF_RETURN_IF_ERROR(state_->admit(FaultOp::kLock, false, path).status);
  const std::lock_guard guard(state_->mutex);
  Result<DiskNodePtr> node = state_->disk.find("locking", path);
  if (!node.ok() && node.status().code() == StatusCode::kNotFound) {
    node = state_->disk.create(path, false);
  }
  if (!node.ok()) return node.status();
  if ((*node)->is_dir) return errno_status(EISDIR, "locking", path);
  if (state_->locked.contains(node->get())) {
    return Status::conflict("locking " + path + ": it is held by " + (*node)->cached +
                            "; stop that one first or use another data directory");
  }
  state_->locked[node->get()] = *node;
  FaultDisk::truncate(**node, 0);
  FaultDisk::write(**node, 0, std::string(holder));
  return std::unique_ptr<FileLock>(std::make_unique<FaultLock>(state_, *node));
}

Timestamp FaultEnv::now() {
  const std::lock_guard lock(state_->mutex);
  return Timestamp(state_->wall_nanos / 1'000'000);
}

int64_t FaultEnv::monotonic_nanos() {
  const std::lock_guard lock(state_->mutex);
  return state_->monotonic;
}

void FaultEnv::fill_random(std::span<char> out) {
  const std::lock_guard lock(state_->mutex);
  for (char& c : out) c = static_cast<char>(state_->random() >> 56);
}

}  // namespace dataflow
