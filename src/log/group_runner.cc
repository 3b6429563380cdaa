#include "group_runner.h"

#include <algorithm>
#include <array>

#include "base/uuid.h"
#include "coordinator_tables.h"
#include "group_faults.h"
#include "group_rows.h"

namespace dataflow::log {

GroupRunner::GroupRunner(std::string name, std::shared_ptr<GroupContext> context)
    : name_(std::move(name)), context_(std::move(context)), state_(name_, context_->options) {}

void GroupRunner::restore(GroupRecord record) {
  const std::lock_guard lock(mutex_);
  state_.restore(std::move(record), context_->now());
  set_timer();
}

void GroupRunner::restore_offset(const TopicPartition& partition, CommittedOffset offset) {
  const std::lock_guard lock(mutex_);
  offsets_.apply(partition, std::move(offset));
}

Status GroupRunner::refusal_locked() const {
  if (life_ == Life::kLive) return {};
  if (life_ == Life::kClosed) return Status::unavailable("the server is stopping");
  return Status::unavailable("group `" + name_ + "` is being deleted; try again");
}

// Every member's id is its own for ever, also over restarts.
std::string GroupRunner::new_member_id(const JoinRequest& request) const {
  return request.instance_id.value_or(request.client_id) + "-" +
         Uuid::random(context_->env).to_string();
}

bool GroupRunner::join(const JoinRequest& request, const JoinCallback& callback) {
  std::unique_lock lock(mutex_);
  if (life_ == Life::kDead) return false;
  Outbox outbox;
  Status refusal = refusal_locked();
  if (!refusal.ok()) {
    JoinResult refused;
    refused.status = std::move(refusal);
    refused.member_id = request.member_id;
    outbox.add([callback, refused] { callback(refused); });
  } else {
    const Ticket ticket = ++last_ticket_;
    joins_[ticket] = callback;
    perform(state_.join(request, new_member_id(request), ticket, context_->now()), outbox);
  }
  finish(lock, outbox);
  return true;
}

void GroupRunner::sync(SyncRequest request, SyncCallback callback) {
  std::unique_lock lock(mutex_);
  Outbox outbox;
  Status refusal = life_ == Life::kDead ? group_faults::unknown_member(name_, request.member_id)
                                        : refusal_locked();
  if (!refusal.ok()) {
    outbox.add([callback = std::move(callback), refusal] {
      callback(SyncResult{refusal, "", "", ""});
    });
  } else {
    const Ticket ticket = ++last_ticket_;
    syncs_[ticket] = std::move(callback);
    perform(state_.sync(std::move(request), ticket, context_->now()), outbox);
  }
  finish(lock, outbox);
}

Status GroupRunner::heartbeat(const HeartbeatRequest& request) {
  const std::lock_guard lock(mutex_);
  if (life_ == Life::kDead) return group_faults::unknown_member(name_, request.member_id);
  DF_RETURN_IF_ERROR(refusal_locked());
  // The timer stays: where a session only got longer it finds nothing to do and is set anew.
  return state_.heartbeat(request, context_->now());
}

void GroupRunner::leave(const LeaveRequest& request, const LeaveCallback& callback) {
  std::unique_lock lock(mutex_);
  Outbox outbox;
  LeaveResult result;
  result.status = refusal_locked();
  if (life_ == Life::kDead) {
    result.status = {};
    for (const LeavingMember& member : request.members) {
      result.member_statuses.push_back(group_faults::unknown_member(name_, member.member_id));
    }
  } else if (result.status.ok()) {
    perform(state_.leave(request.members, result.member_statuses, context_->now()), outbox);
  }
  outbox.add([callback, result] { callback(result); });
  finish(lock, outbox);
}

GroupDescription GroupRunner::describe() {
  const std::lock_guard lock(mutex_);
  if (life_ != Life::kDead) return state_.describe();
  GroupDescription dead;
  dead.group = name_;
  return dead;
}

GroupListing GroupRunner::listing() {
  const std::lock_guard lock(mutex_);
  return {name_, state_.protocol_type(), life_ == Life::kDead ? GroupPhase::kDead : state_.phase()};
}

std::vector<GroupRunner::Reply> GroupRunner::take_replies(GroupEffects& effects) {
  std::vector<Reply> replies;
  for (auto& [ticket, result] : effects.joins) {
    const auto it = joins_.find(ticket);
    replies.push_back(
        [callback = std::move(it->second), result = std::move(result)](const Status& written) {
          JoinResult answer = result;
          if (answer.status.ok() && !written.ok()) {
            answer = JoinResult();
            answer.status = written;
            answer.member_id = result.member_id;
          }
          callback(std::move(answer));
        });
    joins_.erase(it);
  }
  for (auto& [ticket, result] : effects.syncs) {
    const auto it = syncs_.find(ticket);
    replies.push_back(
        [callback = std::move(it->second), result = std::move(result)](const Status& written) {
          const bool lost = result.status.ok() && !written.ok();
          callback(lost ? SyncResult{written, "", "", ""} : result);
        });
    syncs_.erase(it);
  }
  return replies;
}

void GroupRunner::perform(GroupEffects effects, Outbox& outbox) {
  std::vector<Reply> replies = take_replies(effects);
  if (effects.store) {
    writes_.push_back(std::move(replies));
    meta::WriteBatch batch;
    batch.put(kGroupsTable, group_key(name_), group_row(effects.store->record));
    context_->commits.submit(std::move(batch),
                             [self = shared_from_this(), reason = effects.store->reason,
                              generation = effects.store->generation](const Status& status) {
                               self->on_stored(reason, generation, status);
                             });
  } else if (!writes_.empty()) {
    // What is said now may rest on what is being written.
    for (Reply& reply : replies) writes_.back().push_back(std::move(reply));
  } else {
    for (Reply& reply : replies) {
      outbox.add([reply = std::move(reply)] { reply(Status()); });
    }
  }
  if (life_ == Life::kLive || life_ == Life::kDeleting) set_timer();
}

void GroupRunner::on_stored(StoreReason reason, Generation generation, const Status& status) {
  std::unique_lock lock(mutex_);
  Outbox outbox;
  const Status written =
      status.ok() ? Status() : store_unavailable(status, "storing group `" + name_ + "`");
  for (Reply& reply : writes_.front()) {
    outbox.add([reply = std::move(reply), written] { reply(written); });
  }
  writes_.pop_front();
  if (life_ != Life::kClosed) {
    perform(state_.stored(reason, generation, status.ok(), context_->now()), outbox);
  }
  finish(lock, outbox);
}

void GroupRunner::finish(std::unique_lock<std::mutex>& lock, Outbox& outbox) {
  lock.unlock();
  context_->commits.flush();
  outbox.deliver();
}

void GroupRunner::set_timer() {
  const int64_t next = state_.next_deadline();
  // A timer that is early only looks again; one that is late would be wrong.
  if (next >= timer_at_) return;
  context_->timers.cancel(timer_);
  timer_at_ = next;
  timer_ = context_->timers.schedule_at(next * 1000000, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_timer();
  });
}

void GroupRunner::on_timer() {
  std::unique_lock lock(mutex_);
  if (life_ == Life::kDead || life_ == Life::kClosed) return;
  const Moment now = context_->now();
  // One that was replaced while it waited for the lock finds its successor set.
  if (now.ms >= timer_at_) timer_at_ = GroupState::kNever;
  Outbox outbox;
  perform(state_.expire(now), outbox);
  finish(lock, outbox);
}

void GroupRunner::remove(std::function<void()> gone, StatusCallback callback) {
  std::unique_lock lock(mutex_);
  Outbox outbox;
  Status refusal = life_ == Life::kDead ? group_faults::not_found(name_) : refusal_locked();
  if (refusal.ok() && state_.phase() != GroupPhase::kEmpty) {
    refusal = group_faults::not_empty(name_, "still has members; stop them first");
  } else if (refusal.ok() && offsets_.has_staged()) {
    refusal =
        group_faults::not_empty(name_, "has offsets in an open transaction; wait for its end");
  }
  if (refusal.ok()) {
    remove_locked(std::move(gone), std::move(callback));
  } else {
    outbox.add([callback = std::move(callback), refusal] { callback(refusal); });
  }
  finish(lock, outbox);
}

void GroupRunner::remove_locked(std::function<void()> gone, StatusCallback callback) {
  life_ = Life::kDeleting;
  meta::WriteBatch batch;
  batch.remove(kGroupsTable, group_key(name_));
  batch.remove_prefix(kGroupOffsetsTable, group_offsets_prefix(name_));
  context_->commits.submit(
      std::move(batch), [self = shared_from_this(), gone = std::move(gone),
                         callback = std::move(callback)](const Status& status) {
        {
          const std::lock_guard lock(self->mutex_);
          if (self->life_ == Life::kDeleting) self->life_ = status.ok() ? Life::kDead : Life::kLive;
        }
        if (!status.ok()) {
          callback(store_unavailable(status, "deleting group `" + self->name_ + "`"));
          return;
        }
        gone();
        callback(Status());
      });
}

void GroupRunner::close() {
  std::unique_lock lock(mutex_);
  Outbox outbox;
  context_->timers.cancel(timer_);
  if (life_ != Life::kDead) {
    life_ = Life::kClosed;
    perform(state_.abandon(Status::unavailable("the server is stopping")), outbox);
  }
  finish(lock, outbox);
}

}  // namespace dataflow::log
