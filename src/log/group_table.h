// All groups by name, and what concerns them together: loading, expiry, deleted topics, the commit
// of a transaction's offsets.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "group_runner.h"
#include "meta/store.h"

namespace dataflow::log {

class GroupTable : public std::enable_shared_from_this<GroupTable> {
 public:
  using RunnerPtr = std::shared_ptr<GroupRunner>;

  explicit GroupTable(std::shared_ptr<GroupContext> context) : context_(std::move(context)) {}

  Status load(meta::Store& store);
  // Begins to expire offsets and to hear of deleted topics.
  void start();
  void close();

  GroupContext& context() { return *context_; }
  RunnerPtr find(const std::string& name) const;
  // Null once closed.
  RunnerPtr find_or_make(const std::string& name);
  std::vector<RunnerPtr> all() const;
  // For GroupRunner::remove(): takes exactly this group out of the map.
  std::function<void()> eraser(const RunnerPtr& runner);

  void expire_offsets();
  // Returns once no offset of the topic is left.
  void drop_topic(const std::string& topic);
  void settle(ProducerId producer, meta::WriteBatch batch,
              const std::vector<TransactionalOffsets::Staged>& offsets, StatusCallback callback);

 private:
  struct Settlement {
    RunnerPtr runner;
    std::vector<OffsetToCommit> offsets;
  };

  Status load_groups(meta::Store& store);
  Status load_offsets(meta::Store& store);
  void arm_expiry();
  // Locks each of them; false if one of them was deleted before it could be locked.
  bool lock_all(std::map<std::string, Settlement>& parts,
                std::vector<std::unique_lock<std::mutex>>& locks);

  const std::shared_ptr<GroupContext> context_;
  mutable std::shared_mutex mutex_;
  bool closed_ = false;
  std::map<std::string, RunnerPtr> groups_;
  TimerId expiry_timer_{};
};

}  // namespace dataflow::log
