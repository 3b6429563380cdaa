// Shows how far a job has read as the offsets of a group, so that the tools for groups tell its
// lag.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "log/groups.h"

namespace dataflow::connect {

// One commit is under way at a time; of those that come meanwhile only the last one is made.
// Failures are logged: the job's own positions are in its checkpoints. Held by a shared_ptr, since
// a commit may end after the source.
class GroupProgress : public std::enable_shared_from_this<GroupProgress> {
 public:
  GroupProgress(log::Groups& groups, std::string group)
      : groups_(groups), group_(std::move(group)) {}

  void show(std::vector<log::OffsetToCommit> offsets);

 private:
  void commit(std::vector<log::OffsetToCommit> offsets);
  void committed(const log::OffsetCommitResult& result);

  log::Groups& groups_;
  const std::string group_;
  std::mutex mutex_;
  bool under_way_ = false;
  std::vector<log::OffsetToCommit> waiting_;
};

}  // namespace dataflow::connect
