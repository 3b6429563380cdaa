// Forgetting: retention by time and size, DeleteRecords, and the end of a deleted topic.
#include <algorithm>

#include "base/logger.h"
#include "log/fault.h"
#include "log_partition.h"
#include "log_tables.h"

namespace dataflow::log {
namespace {

// A partition without appends for so long has its zeros taken away.
constexpr int64_t kKeepZerosMs = 30'000;

Timestamp newest_record(const Segment& segment) {
  const SegmentSummary& s = segment.summary();
  return s.max_time != kNoTimestamp ? s.max_time : s.last_append;
}

}  // namespace

size_t LogPartition::count_expired_locked(Timestamp now) const {
  size_t expired = 0;
  uint64_t total = 0;
  for (const auto& segment : segments_) total += segment->bytes();
  const Offset stable = last_stable_locked();
  while (expired + 1 < segments_.size()) {
    const Segment& oldest = *segments_[expired];
    const Offset behind = segments_[expired + 1]->base();
    // What is not on disk yet or belongs to an open transaction stays.
    if (behind > stable) break;
    const bool below_start = behind <= log_start_;
    const bool old = config_->cleanup_delete && config_->retention_ms >= 0 &&
                     now - newest_record(oldest) > config_->retention_ms;
    const bool large = config_->cleanup_delete && config_->retention_bytes >= 0 &&
                       total - oldest.bytes() >= static_cast<uint64_t>(config_->retention_bytes);
    if (!below_start && !old && !large) break;
    total -= oldest.bytes();
    ++expired;
  }
  return expired;
}

std::vector<std::shared_ptr<Segment>> LogPartition::take_expired_locked(Timestamp now) {
  std::vector<std::shared_ptr<Segment>> expired;
  for (size_t left = count_expired_locked(now); left > 0; --left) {
    if (segments_[1]->base() > checkpoint_end_) break;
    expired.push_back(std::move(segments_.front()));
    segments_.erase(segments_.begin());
    ++segments_gone_;
    log_start_ = std::max(log_start_, segments_.front()->base());
  }
  if (!expired.empty()) places_.fill(Place{});
  return expired;
}

Status LogPartition::roll_idle_locked(Timestamp now) {
  const Segment& active = *segments_.back();
  if (active.bytes() == 0 || end_ != high_) return {};
  const bool due =
      active.first_append() != kNoTimestamp && now - active.first_append() >= config_->roll_ms();
  const bool old = config_->cleanup_delete && config_->retention_ms >= 0 &&
                   now - newest_record(active) > config_->retention_ms;
  const bool cleared = log_start_ >= end_;
  if (!due && !old && !cleared) return {};
  DF_RETURN_IF_ERROR(roll_locked());
  // Nothing is unsynced but the folder's new name; the bound moves to the new segment.
  request_sync_locked();
  high_place_ = {high_, segments_.back()->base(), 0};
  return {};
}

// Space that only makes syncs cheaper: idle partitions, and all on a full disk, do without. If it
// fails, the next round tries again.
void LogPartition::give_back_zeros_locked(Timestamp now) {
  Segment& active = *segments_.back();
  const bool idle = now - active.summary().last_append >= kKeepZerosMs;
  if (active.has_zeros() && (idle || context_.disk.full())) (void)active.trim().ok();
}

// Producers and transactions are made anew from the checkpoint and what follows it. So what follows
// it must not go: the end of a transaction that the checkpoint has open could be in there.
Status LogPartition::prepare_retention(Timestamp now) {
  {
    std::lock_guard lock(mutex_);
    if (closed_ || health_ != PartitionHealth::kWritable) return {};
    DF_RETURN_IF_ERROR(roll_idle_locked(now));
    const size_t expired = count_expired_locked(now);
    if (expired == 0 || segments_[expired]->base() <= checkpoint_end_) return {};
  }
  return write_checkpoint();
}

void LogPartition::keep_retention() {
  std::lock_guard folder(folder_mutex_);
  const Timestamp now = context_.env.now();
  Status prepared = prepare_retention(now);
  if (!prepared.ok()) {
    log_warn("retention must wait", {{"topic", spec_.name.topic},
                                     {"partition", spec_.name.partition.value()},
                                     {"why", prepared.message()}});
  }
  {
    std::lock_guard lock(mutex_);
    if (closed_ || health_ != PartitionHealth::kWritable) return;
    give_back_zeros_locked(now);
    for (auto& segment : take_expired_locked(now)) retired_.push_back(std::move(segment));
  }
  remove_retired();
}

// Oldest first, and none before the one ahead of it is gone: a start that finds a segment and not
// the next one takes that for damage.
void LogPartition::remove_retired() {
  while (!retired_.empty()) {
    const Segment& oldest = *retired_.front();
    // The log first: without it the index is an orphan that the next start removes.
    Status removed = context_.env.remove_file(oldest.log_path());
    if (!removed.ok() && removed.code() != StatusCode::kNotFound) {
      log_warn("removing an expired segment failed; it is tried again",
               {{"file", oldest.log_path()}, {"why", removed.message()}});
      return;
    }
    (void)context_.env.remove_file(oldest.index_path()).ok();
    retired_.pop_front();
  }
}

void LogPartition::expire_producers(Timestamp before) {
  std::lock_guard lock(mutex_);
  producers_.expire(before, log_start_);
}

Result<Offset> LogPartition::delete_records(Offset before) {
  {
    std::lock_guard lock(mutex_);
    if (before.value() == -1) before = high_;
    if (before > high_ || before.value() < 0) {
      return fault(Fault::kOffsetOutOfRange, StatusCode::kOutOfRange,
                   "records can be deleted below an offset from 0 to " +
                       std::to_string(high_.value()) + ", not below " +
                       std::to_string(before.value()));
    }
    if (before <= log_start_) return log_start_;
  }
  meta::WriteBatch batch;
  put_log_start(batch, spec_.topic_id, spec_.name.partition, before);
  DF_RETURN_IF_ERROR(context_.store.commit(std::move(batch)));
  {
    std::lock_guard lock(mutex_);
    log_start_ = std::max(log_start_, before);
  }
  keep_retention();
  return log_start();
}

void LogPartition::remove() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  sync_idle_.wait(lock, [this] { return !sync_queued_; });
  std::deque<SyncWaiter> waiters = std::exchange(waiters_, {});
  auto listeners = take_listeners_locked();
  lock.unlock();
  for (SyncWaiter& w : waiters) {
    w.callback(fault(Fault::kUnknownTopic, StatusCode::kNotFound, "the topic was deleted"));
  }
  for (auto& listener : listeners) listener->on_advance();
  std::lock_guard folder(folder_mutex_);
  Status removed = context_.env.remove_tree(spec_.dir);
  if (!removed.ok()) {
    log_warn("removing a deleted topic's files failed; the next start tries again",
             {{"folder", spec_.dir}, {"why", removed.message()}});
  }
}

}  // namespace dataflow::log
