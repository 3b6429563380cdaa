// Savepoints: a copy of a job's store that open() can open.
#include <utility>

#include "job_store_impl.h"

namespace dataflow::state {

namespace {

constexpr size_t kCopyBatchBytes = 8 << 20;

}  // namespace

// Row by row, from one scan, which sees the store as of one moment: between the batches of a fold
// it is as whole as after a crash there. The folder gets its name when all is in it.
Status StoredJob::copy_to(const std::string& dir) {
  const std::string context = doing("copying to " + dir + " the state");
  const std::string unfinished = dir + ".unfinished";
  if (env_.exists(dir)) {
    return Status::already_exists(context + ": the folder is there already; choose another one");
  }
  Status status = env_.remove_tree(unfinished);
  if (status.ok()) status = copy_rows(unfinished);
  if (status.ok()) status = env_.rename(unfinished, dir);
  if (status.ok()) return env_.sync_dir(parent_dir(dir)).with_context(context);
  (void)env_.remove_tree(unfinished);
  return status.with_context(context);
}

Status StoredJob::copy_rows(const std::string& dir) {
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<meta::Store> copy, meta::Store::open(env_, dir));
  meta::WriteBatch batch;
  Status status;
  const auto visit = [&](std::string_view key, std::string_view value) {
    batch.put(kJobRows, key, value);
    if (batch.bytes() >= kCopyBatchBytes) status = copy->commit(std::exchange(batch, {}));
    return status.ok();
  };
  DF_RETURN_IF_ERROR(store_->scan(kJobRows, "", visit));
  DF_RETURN_IF_ERROR(status);
  DF_RETURN_IF_ERROR(copy->commit(std::move(batch)));
  return copy->close();
}

}  // namespace dataflow::state
