// A group's offsets at work: commits, reads, deletion and expiry.
#include <algorithm>

#include "coordinator_tables.h"
#include "group_faults.h"
#include "group_rows.h"
#include "group_runner.h"
#include "group_subscription.h"

namespace dataflow::log {

namespace {

Status unknown_partition(const TopicPartition& partition) {
  return fault(Fault::kUnknownTopic, StatusCode::kNotFound,
               "there is no partition " + std::to_string(partition.partition.value()) +
                   " of a topic `" + partition.topic + "`");
}

CommittedOffset committed(const OffsetToCommit& offset, Timestamp time,
                          std::optional<Timestamp> expires) {
  return {offset.offset, offset.leader_epoch, offset.metadata, time, expires};
}

}  // namespace

Status GroupRunner::check_offset(const OffsetToCommit& offset) const {
  const auto limit = static_cast<size_t>(std::max(context_->options.max_offset_metadata_bytes, 0));
  if (offset.metadata.size() > limit) {
    return fault(Fault::kOffsetMetadataTooLarge, StatusCode::kTooLarge,
                 "the metadata committed with an offset of group `" + name_ + "` takes " +
                     std::to_string(offset.metadata.size()) + " bytes; at most " +
                     std::to_string(limit) + " are kept (offset.metadata.max.bytes)");
  }
  if (context_->log.partition(offset.partition.topic, offset.partition.partition) == nullptr) {
    return unknown_partition(offset.partition);
  }
  return {};
}

bool GroupRunner::commit_offsets(const OffsetCommitRequest& request,
                                 const OffsetCommitCallback& callback) {
  std::unique_lock lock(mutex_);
  if (life_ == Life::kDead) return false;
  Outbox outbox;
  const Moment now = context_->now();
  Status refusal = refusal_locked();
  if (refusal.ok()) refusal = state_.check_commit(request.origin, false, now);
  std::vector<Status> statuses;
  for (const OffsetToCommit& offset : request.offsets) {
    statuses.push_back(refusal.ok() ? check_offset(offset) : refusal);
  }
  std::optional<Timestamp> expires;
  if (request.retention_ms) expires = now.wall + std::max<int64_t>(*request.retention_ms, 0);
  answer_commit(request.offsets, std::move(statuses), now.wall, expires, callback, outbox);
  finish(lock, outbox);
  return true;
}

void GroupRunner::answer_commit(const std::vector<OffsetToCommit>& offsets,
                                std::vector<Status> statuses, Timestamp now,
                                std::optional<Timestamp> expires, OffsetCommitCallback callback,
                                Outbox& outbox) {
  meta::WriteBatch batch;
  for (size_t i = 0; i < offsets.size(); ++i) {
    if (!statuses[i].ok()) continue;
    batch.put(kGroupOffsetsTable, group_offset_key(name_, offsets[i].partition),
              group_offset_row(committed(offsets[i], now, expires)));
  }
  if (batch.empty()) {
    outbox.add([callback = std::move(callback), statuses = std::move(statuses)] {
      callback(OffsetCommitResult{statuses});
    });
    return;
  }
  ++offset_writes_;
  context_->commits.submit(std::move(batch),
                           [self = shared_from_this(), offsets, statuses = std::move(statuses), now,
                            expires, callback = std::move(callback)](const Status& written) {
                             self->on_committed(offsets, statuses, now, expires, callback, written);
                           });
}

void GroupRunner::on_committed(const std::vector<OffsetToCommit>& offsets,
                               std::vector<Status> statuses, Timestamp time,
                               std::optional<Timestamp> expires,
                               const OffsetCommitCallback& callback, const Status& written) {
  {
    const std::lock_guard lock(mutex_);
    --offset_writes_;
    for (size_t i = 0; i < offsets.size(); ++i) {
      if (!statuses[i].ok()) continue;
      if (written.ok()) {
        offsets_.apply(offsets[i].partition, committed(offsets[i], time, expires));
      } else {
        statuses[i] = store_unavailable(written, "committing an offset of group `" + name_ + "`");
      }
    }
  }
  callback(OffsetCommitResult{std::move(statuses)});
}

FetchedOffset GroupRunner::fetched(const TopicPartition& partition, bool require_stable) const {
  FetchedOffset out;
  out.partition = partition;
  if (require_stable && offsets_.unstable(partition)) {
    out.status = fault(Fault::kUnstableOffsetCommit, StatusCode::kUnavailable,
                       "an open transaction holds an offset of group `" + name_ + "` for `" +
                           partition.topic + "`; try again");
    return out;
  }
  const CommittedOffset* found = offsets_.find(partition);
  if (found == nullptr) return out;
  out.offset = found->offset;
  out.leader_epoch = found->leader_epoch;
  out.metadata = found->metadata;
  return out;
}

OffsetFetchResult GroupRunner::fetch_offsets(const OffsetFetchRequest& request) {
  const std::lock_guard lock(mutex_);
  OffsetFetchResult out;
  if (life_ == Life::kClosed) {
    out.status = refusal_locked();
    return out;
  }
  if (request.partitions) {
    for (const TopicPartition& partition : *request.partitions) {
      out.offsets.push_back(fetched(partition, request.require_stable));
    }
    return out;
  }
  for (const auto& [partition, offset] : offsets_.committed()) {
    out.offsets.push_back(fetched(partition, request.require_stable));
  }
  if (request.require_stable) {
    for (const TopicPartition& partition : offsets_.only_staged()) {
      out.offsets.push_back(fetched(partition, true));
    }
  }
  return out;
}

void GroupRunner::add_offset_views(std::vector<GroupOffsetView>& out) {
  const std::lock_guard lock(mutex_);
  for (const auto& [partition, offset] : offsets_.committed()) {
    out.push_back({name_, partition, offset.offset, offset.commit_time});
  }
}

std::vector<Status> GroupRunner::deletable_offsets(
    const std::vector<TopicPartition>& partitions) const {
  const auto subscribed = state_.subscribed_topics();
  std::vector<Status> statuses;
  for (const TopicPartition& partition : partitions) {
    if (context_->log.partition(partition.topic, partition.partition) == nullptr) {
      statuses.push_back(unknown_partition(partition));
    } else if (state_.phase() != GroupPhase::kEmpty &&
               (!subscribed || subscribed->contains(partition.topic))) {
      statuses.push_back(fault(Fault::kGroupSubscribed, StatusCode::kConflict,
                               "group `" + name_ + "` still reads `" + partition.topic +
                                   "`; stop its consumers before deleting its offsets"));
    } else {
      statuses.emplace_back();
    }
  }
  return statuses;
}

void GroupRunner::delete_offsets(const std::vector<TopicPartition>& partitions,
                                 const OffsetDeleteCallback& callback) {
  std::unique_lock lock(mutex_);
  Outbox outbox;
  OffsetDeleteResult result;
  result.status = life_ == Life::kDead ? group_faults::not_found(name_) : refusal_locked();
  if (result.status.ok() && state_.phase() != GroupPhase::kEmpty &&
      state_.protocol_type() != kConsumerProtocolType) {
    result.status =
        group_faults::not_empty(name_, "has members that are no consumers; stop them first");
  }
  std::vector<TopicPartition> chosen;
  if (result.status.ok()) {
    result.statuses = deletable_offsets(partitions);
    for (size_t i = 0; i < partitions.size(); ++i) {
      if (result.statuses[i].ok()) chosen.push_back(partitions[i]);
    }
  }
  if (chosen.empty()) {
    outbox.add([callback, result] { callback(result); });
  } else {
    erase_offsets(chosen, [callback, result](const Status& written) {
      OffsetDeleteResult answer = result;
      if (!written.ok()) answer = {store_unavailable(written, "deleting offsets"), {}};
      callback(std::move(answer));
    });
  }
  finish(lock, outbox);
}

void GroupRunner::erase_offsets(const std::vector<TopicPartition>& partitions,
                                std::function<void(const Status&)> done) {
  meta::WriteBatch batch;
  for (const TopicPartition& partition : partitions) {
    batch.remove(kGroupOffsetsTable, group_offset_key(name_, partition));
  }
  ++offset_writes_;
  context_->commits.submit(std::move(batch), [self = shared_from_this(), partitions,
                                              done = std::move(done)](const Status& written) {
    {
      const std::lock_guard lock(self->mutex_);
      --self->offset_writes_;
      // In the store's order with the commits before and behind it, so that memory and disk agree.
      for (const TopicPartition& partition : partitions) {
        if (written.ok()) self->offsets_.erase(partition);
      }
    }
    done(written);
  });
}

void GroupRunner::drop_topic(const std::string& topic, std::function<void()> removed) {
  std::unique_lock lock(mutex_);
  Outbox outbox;
  const bool stored = life_ == Life::kLive || life_ == Life::kDeleting;
  // With a commit under way it is not known yet whether the topic has an offset here.
  if (!stored || (offsets_.of_topic(topic).empty() && offset_writes_ == 0)) {
    outbox.add(std::move(removed));
    finish(lock, outbox);
    return;
  }
  meta::WriteBatch batch;
  batch.remove_prefix(kGroupOffsetsTable, meta::KeyWriter().string(name_).string(topic).bytes());
  ++offset_writes_;
  context_->commits.submit(std::move(batch), [self = shared_from_this(), topic,
                                              removed = std::move(removed)](const Status& written) {
    {
      const std::lock_guard inner(self->mutex_);
      --self->offset_writes_;
      for (const TopicPartition& partition : self->offsets_.of_topic(topic)) {
        if (written.ok()) self->offsets_.erase(partition);
      }
    }
    removed();
  });
  finish(lock, outbox);
}

void GroupRunner::expire_offsets(std::function<void()> gone) {
  std::unique_lock lock(mutex_);
  // A commit under way may be newer than what looks expired here; the next round sees it.
  if (life_ != Life::kLive || offset_writes_ > 0 || !writes_.empty()) return;
  ExpiryView view;
  view.now = context_->env.now();
  view.retention_ms = context_->options.offsets_retention_ms;
  view.phase = state_.phase();
  view.ever_had_members = !state_.protocol_type().empty();
  view.phase_since = state_.phase_since();
  // During a rebalance whoever reads a topic may just be away; the members that are left do not
  // tell.
  const bool settled = view.phase == GroupPhase::kStable || view.phase == GroupPhase::kEmpty;
  if (settled) view.subscribed = state_.subscribed_topics();
  const std::vector<TopicPartition> expired = offsets_.expired(view);
  const bool nothing_left = expired.size() == offsets_.committed().size() &&
                            state_.phase() == GroupPhase::kEmpty && state_.pending() == 0 &&
                            !offsets_.has_staged();
  Outbox outbox;
  if (nothing_left) {
    remove_locked(std::move(gone), [](const Status&) {});
  } else if (!expired.empty()) {
    erase_offsets(expired, [](const Status&) {});
  }
  finish(lock, outbox);
}

bool GroupRunner::stage(ProducerId producer, const CommitOrigin& origin,
                        const std::vector<OffsetToCommit>& offsets, std::vector<Status>& statuses) {
  const std::lock_guard lock(mutex_);
  if (life_ == Life::kDead) return false;
  Status refusal = refusal_locked();
  if (refusal.ok()) refusal = state_.check_commit(origin, true, context_->now());
  for (const OffsetToCommit& offset : offsets) {
    statuses.push_back(refusal.ok() ? check_offset(offset) : refusal);
    if (statuses.back().ok()) offsets_.stage(producer, offset.partition);
  }
  return true;
}

bool GroupRunner::restage(ProducerId producer, const TopicPartition& partition) {
  const std::lock_guard lock(mutex_);
  if (life_ == Life::kDead) return false;
  offsets_.stage(producer, partition);
  return true;
}

void GroupRunner::forget_staged(ProducerId producer) {
  const std::lock_guard lock(mutex_);
  offsets_.forget(producer);
}

bool GroupRunner::put_settled_locked(meta::WriteBatch& batch, const OffsetToCommit& offset,
                                     Timestamp now) {
  const TopicPartition& partition = offset.partition;
  if (context_->log.partition(partition.topic, partition.partition) == nullptr) return false;
  batch.put(kGroupOffsetsTable, group_offset_key(name_, offset.partition),
            group_offset_row(committed(offset, now, std::nullopt)));
  return true;
}

void GroupRunner::settled(ProducerId producer, const std::vector<OffsetToCommit>& offsets,
                          Timestamp time, bool ok) {
  const std::lock_guard lock(mutex_);
  --offset_writes_;
  if (!ok) return;
  for (const OffsetToCommit& offset : offsets) {
    offsets_.apply(offset.partition, committed(offset, time, std::nullopt));
  }
  offsets_.forget(producer);
}

}  // namespace dataflow::log
