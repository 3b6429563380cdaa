// One group at work: its state behind a lock, the callbacks of those who wait, its timer and its
// rows.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/timer_queue.h"
#include "commit_queue.h"
#include "group_offsets.h"
#include "group_state.h"
#include "log/groups.h"
#include "log/log.h"

namespace dataflow::log {

// What every group works with; outlives none of what it refers to.
struct GroupContext {
  Env& env;
  Log& log;
  TimerQueue& timers;
  const GroupsOptions options;
  CommitQueue commits;

  GroupContext(Env& env_in, Log& log_in, TimerQueue& timers_in, GroupsOptions options_in,
               meta::Store& store)
      : env(env_in), log(log_in), timers(timers_in), options(options_in), commits(store) {}

  Moment now() const { return {env.monotonic_nanos() / 1000000, env.now()}; }
};

// Callbacks collected under a lock and called behind it.
class Outbox {
 public:
  void add(std::function<void()> call) { calls_.push_back(std::move(call)); }
  void deliver() {
    for (const auto& call : calls_) call();
    calls_.clear();
  }

 private:
  std::vector<std::function<void()>> calls_;
};

class GroupRunner : public std::enable_shared_from_this<GroupRunner> {
 public:
  GroupRunner(std::string name, std::shared_ptr<GroupContext> context);

  const std::string& name() const { return name_; }

  // While opening, before anything else.
  void restore(GroupRecord record);
  void restore_offset(const TopicPartition& partition, CommittedOffset offset);

  // Of a group that was taken out of the map in the meantime these return false, do nothing with
  // the callback, and the caller looks the group up again.
  [[nodiscard]] bool join(const JoinRequest& request, const JoinCallback& callback);
  [[nodiscard]] bool commit_offsets(const OffsetCommitRequest& request,
                                    const OffsetCommitCallback& callback);
  [[nodiscard]] bool stage(ProducerId producer, const CommitOrigin& origin,
                           const std::vector<OffsetToCommit>& offsets,
                           std::vector<Status>& statuses);
  [[nodiscard]] bool restage(ProducerId producer, const TopicPartition& partition);

  void sync(SyncRequest request, SyncCallback callback);
  Status heartbeat(const HeartbeatRequest& request);
  void leave(const LeaveRequest& request, const LeaveCallback& callback);
  OffsetFetchResult fetch_offsets(const OffsetFetchRequest& request);
  void delete_offsets(const std::vector<TopicPartition>& partitions,
                      const OffsetDeleteCallback& callback);
  GroupDescription describe();
  GroupListing listing();
  void add_offset_views(std::vector<GroupOffsetView>& out);
  void forget_staged(ProducerId producer);

  // Deletes the group if it may be deleted. `gone` is called once it is no longer on disk, before
  // `callback`; it takes the group out of the map.
  void remove(std::function<void()> gone, StatusCallback callback);
  // `removed` is called when nothing of the topic is left on disk.
  void drop_topic(const std::string& topic, std::function<void()> removed);
  // Drops expired offsets, and (then calling `gone`) the group itself once nothing is left of it.
  void expire_offsets(std::function<void()> gone);
  // Answers everybody who waits; refuses whatever comes later.
  void close();

  // For a transaction's end over several groups: locked in the order of their names, then
  // put_settled() each, submit, unlock; when durable settled() each.
  std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }
  bool dead_locked() const { return life_ == Life::kDead; }
  bool closed_locked() const { return life_ == Life::kClosed; }
  // False, and nothing is put, if its topic is gone.
  bool put_settled_locked(meta::WriteBatch& batch, const OffsetToCommit& offset, Timestamp now);
  void write_begins_locked() { ++offset_writes_; }
  void settled(ProducerId producer, const std::vector<OffsetToCommit>& offsets, Timestamp time,
               bool ok);

 private:
  enum class Life : uint8_t { kLive, kDeleting, kDead, kClosed };
  // Told how the write that it stands behind went.
  using Reply = std::function<void(const Status& written)>;

  Status refusal_locked() const;
  Status check_offset(const OffsetToCommit& offset) const;
  void perform(GroupEffects effects, Outbox& outbox);
  std::vector<Reply> take_replies(GroupEffects& effects);
  void on_stored(StoreReason reason, Generation generation, const Status& status);
  void on_timer();
  void set_timer();
  void finish(std::unique_lock<std::mutex>& lock, Outbox& outbox);
  std::string new_member_id(const JoinRequest& request) const;
  void answer_commit(const std::vector<OffsetToCommit>& offsets, std::vector<Status> statuses,
                     Timestamp now, std::optional<Timestamp> expires, OffsetCommitCallback callback,
                     Outbox& outbox);
  void on_committed(const std::vector<OffsetToCommit>& offsets, std::vector<Status> statuses,
                    Timestamp time, std::optional<Timestamp> expires,
                    const OffsetCommitCallback& callback, const Status& written);
  void erase_offsets(const std::vector<TopicPartition>& partitions,
                     std::function<void(const Status&)> done);
  void remove_locked(std::function<void()> gone, StatusCallback callback);
  std::vector<Status> deletable_offsets(const std::vector<TopicPartition>& partitions) const;
  FetchedOffset fetched(const TopicPartition& partition, bool require_stable) const;

  const std::string name_;
  const std::shared_ptr<GroupContext> context_;

  std::mutex mutex_;
  Life life_ = Life::kLive;
  GroupState state_;
  GroupOffsets offsets_;
  Ticket last_ticket_ = 0;
  std::unordered_map<Ticket, JoinCallback> joins_;
  std::unordered_map<Ticket, SyncCallback> syncs_;
  std::deque<std::vector<Reply>> writes_;  // the group row's, under way; with who hears of each
  size_t offset_writes_ = 0;               // under way
  int64_t timer_at_ = GroupState::kNever;
  TimerId timer_{};
};

}  // namespace dataflow::log
