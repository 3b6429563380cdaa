#include "log/groups.h"

#include <algorithm>

#include "base/lower_case.h"
#include "group_faults.h"
#include "group_table.h"

namespace dataflow::log {

namespace {

Status stopping() { return Status::unavailable("the server is stopping"); }

class GroupsImpl final : public Groups {
 public:
  explicit GroupsImpl(std::shared_ptr<GroupTable> table) : table_(std::move(table)) {}
  ~GroupsImpl() override { GroupsImpl::close(); }

  void close() override { table_->close(); }
  void join(JoinRequest request, JoinCallback callback) override;
  void sync(SyncRequest request, SyncCallback callback) override;
  Status heartbeat(const HeartbeatRequest& request) override;
  void leave(const LeaveRequest& request, LeaveCallback callback) override;
  void commit_offsets(OffsetCommitRequest request, OffsetCommitCallback callback) override;
  OffsetFetchResult fetch_offsets(const OffsetFetchRequest& request) override;
  void delete_offsets(const std::string& group, const std::vector<TopicPartition>& partitions,
                      OffsetDeleteCallback callback) override;
  GroupDescription describe(const std::string& group) override;
  std::vector<GroupListing> list(const std::vector<std::string>& phases) override;
  void delete_group(const std::string& group, StatusCallback callback) override;
  std::vector<GroupOffsetView> all_offsets() override;
  void expire_offsets() override { table_->expire_offsets(); }

  std::vector<Status> stage(ProducerId producer, const CommitOrigin& origin,
                            const std::vector<OffsetToCommit>& offsets) override;
  void restage(ProducerId producer, const std::vector<Staged>& offsets) override;
  void settle(ProducerId producer, meta::WriteBatch batch, const std::vector<Staged>& offsets,
              StatusCallback callback) override {
    table_->settle(producer, std::move(batch), offsets, std::move(callback));
  }
  void forget(ProducerId producer, const std::vector<std::string>& groups) override;

 private:
  Status check_join(const JoinRequest& request) const;

  const std::shared_ptr<GroupTable> table_;
};

Status GroupsImpl::check_join(const JoinRequest& request) const {
  if (request.group.empty()) return group_faults::invalid_id();
  const GroupsOptions& options = table_->context().options;
  const int32_t timeout = request.session_timeout_ms;
  if (timeout < options.min_session_timeout_ms || timeout > options.max_session_timeout_ms) {
    return fault(Fault::kInvalidSessionTimeout, StatusCode::kInvalid,
                 "joining group `" + request.group + "`: session.timeout.ms is " +
                     std::to_string(timeout) + "; it may be " +
                     std::to_string(options.min_session_timeout_ms) + " to " +
                     std::to_string(options.max_session_timeout_ms));
  }
  if (!request.member_id.empty() && table_->find(request.group) == nullptr) {
    return group_faults::unknown_member(request.group, request.member_id);
  }
  return {};
}

void GroupsImpl::join(JoinRequest request, JoinCallback callback) {
  JoinResult refused;
  refused.member_id = request.member_id;
  request.rebalance_timeout_ms = std::max(request.rebalance_timeout_ms, 0);
  while ((refused.status = check_join(request)).ok()) {
    const auto runner = table_->find_or_make(request.group);
    if (runner == nullptr) {
      refused.status = stopping();
      break;
    }
    if (runner->join(request, callback)) return;
  }
  callback(std::move(refused));
}

void GroupsImpl::sync(SyncRequest request, SyncCallback callback) {
  Status refusal;
  const auto runner = table_->find(request.group);
  if (request.group.empty()) {
    refusal = group_faults::invalid_id();
  } else if (runner == nullptr) {
    refusal = group_faults::unknown_member(request.group, request.member_id);
  }
  if (refusal.ok()) {
    runner->sync(std::move(request), std::move(callback));
  } else {
    callback(SyncResult{std::move(refusal), "", "", ""});
  }
}

Status GroupsImpl::heartbeat(const HeartbeatRequest& request) {
  if (request.group.empty()) return group_faults::invalid_id();
  const auto runner = table_->find(request.group);
  if (runner == nullptr) return group_faults::unknown_member(request.group, request.member_id);
  return runner->heartbeat(request);
}

void GroupsImpl::leave(const LeaveRequest& request, LeaveCallback callback) {
  LeaveResult result;
  if (request.group.empty()) {
    result.status = group_faults::invalid_id();
    callback(std::move(result));
    return;
  }
  if (const auto runner = table_->find(request.group)) {
    runner->leave(request, callback);
    return;
  }
  for (const LeavingMember& member : request.members) {
    result.member_statuses.push_back(group_faults::unknown_member(request.group, member.member_id));
  }
  callback(std::move(result));
}

void GroupsImpl::commit_offsets(OffsetCommitRequest request, OffsetCommitCallback callback) {
  const CommitOrigin& origin = request.origin;
  for (;;) {
    auto runner = table_->find(origin.group);
    Status refusal;
    if (runner == nullptr && origin.generation.value() >= 0) {
      // The group that this generation was of is gone.
      refusal = group_faults::illegal_generation(origin.group, origin.generation, Generation(0));
    } else if (runner == nullptr) {
      runner = table_->find_or_make(origin.group);
      if (runner == nullptr) refusal = stopping();
    }
    if (!refusal.ok()) {
      callback(OffsetCommitResult{std::vector<Status>(request.offsets.size(), refusal)});
      return;
    }
    if (runner->commit_offsets(request, callback)) return;
  }
}

OffsetFetchResult GroupsImpl::fetch_offsets(const OffsetFetchRequest& request) {
  if (const auto runner = table_->find(request.group)) return runner->fetch_offsets(request);
  OffsetFetchResult out;
  if (!request.partitions) return out;
  for (const TopicPartition& partition : *request.partitions) {
    out.offsets.emplace_back().partition = partition;
  }
  return out;
}

void GroupsImpl::delete_offsets(const std::string& group,
                                const std::vector<TopicPartition>& partitions,
                                OffsetDeleteCallback callback) {
  if (group.empty()) {
    callback(OffsetDeleteResult{group_faults::invalid_id(), {}});
  } else if (const auto runner = table_->find(group)) {
    runner->delete_offsets(partitions, callback);
  } else {
    callback(OffsetDeleteResult{group_faults::not_found(group), {}});
  }
}

GroupDescription GroupsImpl::describe(const std::string& group) {
  if (const auto runner = table_->find(group)) return runner->describe();
  GroupDescription dead;
  dead.group = group;
  return dead;
}

std::vector<GroupListing> GroupsImpl::list(const std::vector<std::string>& phases) {
  std::vector<std::string> wanted;
  for (const std::string& phase : phases) wanted.push_back(lower_case(phase));
  std::vector<GroupListing> out;
  for (const auto& runner : table_->all()) {
    GroupListing listing = runner->listing();
    const std::string phase = lower_case(group_phase_name(listing.phase));
    if (listing.phase == GroupPhase::kDead) continue;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), phase) == wanted.end()) continue;
    out.push_back(std::move(listing));
  }
  return out;
}

void GroupsImpl::delete_group(const std::string& group, StatusCallback callback) {
  if (const auto runner = table_->find(group)) {
    runner->remove(table_->eraser(runner), std::move(callback));
  } else {
    callback(group_faults::not_found(group));
  }
}

std::vector<GroupOffsetView> GroupsImpl::all_offsets() {
  std::vector<GroupOffsetView> out;
  for (const auto& runner : table_->all()) runner->add_offset_views(out);
  return out;
}

std::vector<Status> GroupsImpl::stage(ProducerId producer, const CommitOrigin& origin,
                                      const std::vector<OffsetToCommit>& offsets) {
  std::vector<Status> statuses;
  for (;;) {
    auto runner = table_->find(origin.group);
    Status refusal;
    if (runner == nullptr && origin.generation.value() >= 0) {
      refusal = group_faults::illegal_generation(origin.group, origin.generation, Generation(0));
    } else if (runner == nullptr) {
      runner = table_->find_or_make(origin.group);
      if (runner == nullptr) refusal = stopping();
    }
    if (!refusal.ok()) return std::vector<Status>(offsets.size(), refusal);
    if (runner->stage(producer, origin, offsets, statuses)) return statuses;
  }
}

void GroupsImpl::restage(ProducerId producer, const std::vector<Staged>& offsets) {
  for (const Staged& staged : offsets) {
    for (;;) {
      const auto runner = table_->find_or_make(staged.group);
      if (runner == nullptr || runner->restage(producer, staged.offset.partition)) break;
    }
  }
}

void GroupsImpl::forget(ProducerId producer, const std::vector<std::string>& groups) {
  for (const std::string& group : groups) {
    if (const auto runner = table_->find(group)) runner->forget_staged(producer);
  }
}

}  // namespace

Result<std::unique_ptr<Groups>> Groups::open(Env& env, meta::Store& store, Log& log,
                                             GroupsOptions options, TimerQueue& timers) {
  const auto context = std::make_shared<GroupContext>(env, log, timers, options, store);
  const auto table = std::make_shared<GroupTable>(context);
  DF_RETURN_IF_ERROR(table->load(store));
  table->start();
  return std::unique_ptr<Groups>(std::make_unique<GroupsImpl>(table));
}

}  // namespace dataflow::log
