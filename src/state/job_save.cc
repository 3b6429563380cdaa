// Savepoints: a copy of a job's store, with a list of its files.
#include <utility>

#include "base/durable_dirs.h"
#include "job_store_impl.h"
#include "savepoint_files.h"

namespace dataflow::state {

namespace {

constexpr size_t kCopyBatchBytes = 8 << 20;

// What a store makes anew where it is missing, and does not sync.
bool is_of_this_process(const std::string& name) {
  return name == "LOCK" || name == "IDENTITY" || name == "SYNCED";
}

}  // namespace

// The rows from one scan, which sees the store as of one moment, and a second name for each of the
// files that they name: those are most of it. The folder gets its name when all is in it.
Result<SavepointInfo> StoredJob::save(const std::string& dir, const std::string& job) {
  const std::string context = doing("saving to " + dir + " the state");
  const std::string unfinished = dir + std::string(kUnfinished);
  if (env_.exists(dir)) {
    return Status::already_exists(context + ": the folder is there already; choose another one");
  }
  SavepointInfo info;
  Status status = create_dirs_durably(env_, parent_dir(dir));
  if (status.ok()) status = env_.remove_tree(unfinished);
  if (status.ok()) status = save_files(unfinished, job, info);
  if (status.ok()) status = env_.rename(unfinished, dir);
  if (status.ok()) status = env_.sync_dir(parent_dir(dir));
  info.dir = dir;
  if (status.ok()) return info;
  (void)env_.remove_tree(unfinished);
  return status.with_context(context);
}

Status StoredJob::save_files(const std::string& dir, const std::string& job, SavepointInfo& info) {
  const std::string state_dir = saved_state_dir(dir);
  DF_RETURN_IF_ERROR(create_dirs_durably(env_, state_dir));
  Savepoint savepoint;
  savepoint.info.job = job;
  {
    std::shared_lock layout_lock(layout_mutex_);
    DF_RETURN_IF_ERROR(copy_rows(state_dir, savepoint.info));
    DF_RETURN_IF_ERROR(share_blocks(state_dir, savepoint.files));
  }
  for (const SavedFile& file : savepoint.files) savepoint.info.bytes += file.bytes;
  DF_ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, env_.list_dir(state_dir));
  for (const DirEntry& entry : entries) {
    if (entry.is_dir || is_of_this_process(entry.name)) continue;
    DF_ASSIGN_OR_RETURN(SavedFile file, describe_file(env_, state_dir, entry.name));
    savepoint.info.bytes += file.bytes;
    savepoint.files.push_back(std::move(file));
  }
  DF_RETURN_IF_ERROR(env_.sync_dir(state_dir));
  DF_RETURN_IF_ERROR(write_savepoint_file(env_, dir, savepoint));
  info = std::move(savepoint.info);
  return {};
}

// With layout_mutex_ held.
Status StoredJob::share_blocks(const std::string& dir, std::vector<SavedFile>& shared) {
  std::map<int64_t, StoredFile> files;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [table, blocks] : blocks_) {
      for (const StoredBlock& block : blocks) files.emplace(block.file.number, block.file);
    }
  }
  const std::string folder = std::string(kBlockFolder) + "/";
  DF_RETURN_IF_ERROR(create_dirs_durably(env_, dir + "/" + folder));
  for (const auto& [number, file] : files) {
    const SavedFile saved{folder + BlockFiles::name_of(number), file.bytes, file.crc};
    DF_RETURN_IF_ERROR(share_file(env_, dir_, saved, dir));
    shared.push_back(saved);
  }
  return env_.sync_dir(dir + "/" + folder);
}

Status StoredJob::copy_rows(const std::string& dir, SavepointInfo& info) {
  std::set<CheckpointId> acknowledged;
  {
    std::lock_guard lock(mutex_);
    acknowledged = acknowledged_;
  }
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<meta::Store> copy,
                      meta::Store::open(env_, dir, store_options()));
  meta::WriteBatch batch;
  Status status;
  const std::string last = key_of(RowKind::kLast).bytes();
  const auto visit = [&](std::string_view key, std::string_view value) {
    if (key == last) {
      const Result<LastCheckpoint> found = decode_last(value);
      status = found.status();
      if (!status.ok()) return false;
      info.checkpoint = found->id;
      info.wall_millis = found->wall_millis;
    }
    if (key[0] == static_cast<char>(RowKind::kCommittable)) {
      const Result<StoredCommittable> found = decode_committable(key, value);
      status = found.status();
      if (!status.ok()) return false;
      if (acknowledged.contains(found->checkpoint)) return true;
    }
    batch.put(kJobRows, key, value);
    if (batch.bytes() >= kCopyBatchBytes) status = copy->commit(std::exchange(batch, {}));
    return status.ok();
  };
  DF_RETURN_IF_ERROR(store_->scan(kJobRows, "", visit));
  DF_RETURN_IF_ERROR(status);
  DF_RETURN_IF_ERROR(copy->commit(std::move(batch)));
  return copy->close();
}

Status StoredJob::forget_own(const std::string& prefix) {
  meta::WriteBatch batch;
  Status status;
  const auto visit = [&](std::string_view key, std::string_view) {
    meta::KeyReader reader(key.substr(1));
    status = reader.string().status();
    const Result<std::string> name = status.ok() ? reader.string() : Result<std::string>(status);
    status = name.status();
    if (status.ok() && !prefix.empty() && name->starts_with(prefix)) batch.remove(kJobRows, key);
    return status.ok();
  };
  DF_RETURN_IF_ERROR(store_->scan(kJobRows, key_of(RowKind::kNamed).bytes(), visit));
  DF_RETURN_IF_ERROR(status);
  const auto drop = [&](std::string_view key, std::string_view) {
    batch.remove(kJobRows, key);
    return true;
  };
  DF_RETURN_IF_ERROR(store_->scan(kJobRows, key_of(RowKind::kCommittable).bytes(), drop));
  {
    std::lock_guard lock(mutex_);
    committables_.clear();
    acknowledged_.clear();
  }
  return store_->commit(std::move(batch));
}

}  // namespace dataflow::state
