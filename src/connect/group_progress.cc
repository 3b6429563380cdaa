#include "group_progress.h"

#include "base/logger.h"

namespace dataflow::connect {

void GroupProgress::show(std::vector<log::OffsetToCommit> offsets) {
  if (offsets.empty()) return;
  {
    std::lock_guard lock(mutex_);
    if (under_way_) {
      waiting_ = std::move(offsets);
      return;
    }
    under_way_ = true;
  }
  commit(std::move(offsets));
}

void GroupProgress::commit(std::vector<log::OffsetToCommit> offsets) {
  log::OffsetCommitRequest request;
  request.origin.group = group_;
  request.offsets = std::move(offsets);
  groups_.commit_offsets(std::move(request),
                         [self = shared_from_this()](const log::OffsetCommitResult& result) {
                           self->committed(result);
                         });
}

void GroupProgress::committed(const log::OffsetCommitResult& result) {
  for (const Status& status : result.statuses) {
    if (status.ok()) continue;
    log_limited("group-progress/" + group_, LogLevel::kWarn, "a job's progress cannot be shown",
                {{"group", group_}, {"why", status}});
    break;
  }
  std::vector<log::OffsetToCommit> next;
  {
    std::lock_guard lock(mutex_);
    next = std::move(waiting_);
    waiting_.clear();
    under_way_ = !next.empty();
  }
  if (!next.empty()) commit(std::move(next));
}

}  // namespace dataflow::connect
