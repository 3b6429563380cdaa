#include "state/savepoint.h"

#include <algorithm>

#include "base/durable_dirs.h"
#include "job_store_impl.h"
#include "savepoint_files.h"

namespace dataflow::state {

namespace {

Status take_files(Env& env, const std::string& dir, const std::string& to) {
  DF_ASSIGN_OR_RETURN(const Savepoint savepoint, read_savepoint_file(env, dir));
  const std::string blocks = to + "/" + kBlockFolder;
  DF_RETURN_IF_ERROR(create_dirs_durably(env, blocks));
  for (const SavedFile& file : savepoint.files) {
    DF_RETURN_IF_ERROR(take_file(env, saved_state_dir(dir), file, to));
  }
  DF_RETURN_IF_ERROR(env.sync_dir(blocks));
  return env.sync_dir(to);
}

Status forget_own(Env& env, const std::string& job_dir, const std::string& prefix) {
  StoredJob job(env, job_dir, {});
  DF_RETURN_IF_ERROR(job.open());
  DF_RETURN_IF_ERROR(job.forget_own(prefix));
  return job.close();
}

}  // namespace

Result<SavepointInfo> read_savepoint(Env& env, const std::string& dir) {
  Result<Savepoint> savepoint = read_savepoint_file(env, dir);
  if (!savepoint.ok()) return savepoint.status().with_context("reading the savepoint " + dir);
  return std::move(savepoint->info);
}

Result<std::vector<SavepointInfo>> list_savepoints(Env& env, const std::string& parent) {
  std::vector<SavepointInfo> found;
  if (!env.exists(parent)) return found;
  DF_ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, env.list_dir(parent));
  for (const DirEntry& entry : entries) {
    if (!entry.is_dir || entry.name.ends_with(kUnfinished)) continue;
    const std::string dir = parent + "/" + entry.name;
    Result<Savepoint> savepoint = read_savepoint_file(env, dir);
    if (savepoint.ok()) {
      found.push_back(std::move(savepoint->info));
    } else if (savepoint.status().code() != StatusCode::kNotFound ||
               env.exists(saved_state_dir(dir))) {
      SavepointInfo& damaged = found.emplace_back();
      damaged.dir = dir;
      damaged.problem = savepoint.status().message();
    }
  }
  std::sort(found.begin(), found.end(), [](const SavepointInfo& a, const SavepointInfo& b) {
    return a.wall_millis != b.wall_millis ? a.wall_millis < b.wall_millis : a.dir < b.dir;
  });
  return found;
}

Status restore_savepoint(Env& env, const std::string& dir, const std::string& job_dir,
                         const std::string& forget) {
  const std::string context = "restoring the savepoint " + dir + " to " + job_dir;
  if (env.exists(job_dir)) {
    DF_ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, env.list_dir(job_dir));
    if (!entries.empty()) {
      return Status::already_exists(context + ": there is state already; choose another job");
    }
    DF_RETURN_IF_ERROR(env.remove_tree(job_dir).with_context(context));
  }
  const std::string unfinished = job_dir + std::string(kUnfinished);
  Status status = env.remove_tree(unfinished);
  if (status.ok()) status = create_dirs_durably(env, parent_dir(job_dir));
  if (status.ok()) status = take_files(env, dir, unfinished);
  if (status.ok()) status = forget_own(env, unfinished, forget);
  if (status.ok()) status = env.rename(unfinished, job_dir);
  if (status.ok()) return env.sync_dir(parent_dir(job_dir)).with_context(context);
  (void)env.remove_tree(unfinished);
  return status.with_context(context);
}

Result<SavepointInfo> save_stopped_job(Env& env, const std::string& job_dir, const std::string& dir,
                                       const std::string& job) {
  if (!env.exists(job_dir)) {
    return Status::not_found("making a savepoint of job " + job + ": it has no state in " +
                             job_dir);
  }
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<JobStore> store, JobStore::open(env, job_dir));
  return store->save(dir, job);
}

}  // namespace dataflow::state
