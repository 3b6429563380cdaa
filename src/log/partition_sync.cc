// Bringing appended bytes to disk, and telling everybody who waits for that.
#include <future>

#include "base/logger.h"
#include "checkpoint.h"
#include "log/fault.h"
#include "log_partition.h"

namespace dataflow::log {

bool LogPartition::sync_appended() {
  std::vector<std::shared_ptr<Segment>> files;
  Offset end;
  SyncedBound place;
  bool folder = false;
  {
    std::lock_guard lock(mutex_);
    if (health_ == PartitionHealth::kSyncFailed) {
      sync_queued_ = false;
      sync_idle_.notify_all();
      return false;
    }
    files.swap(unsynced_sealed_);
    files.push_back(segments_.back());
    folder = std::exchange(folder_unsynced_, false);
    end = end_;
    place = {end, segments_.back()->base(), segments_.back()->bytes()};
    if (bytes_to_sync_ > 0) zero_tail_.note_sync(std::exchange(bytes_to_sync_, 0));
  }
  const Status synced = sync_files(files, folder);
  finish_sync(synced, end, place);
  if (synced.ok()) note_pages(files, place);
  std::lock_guard lock(mutex_);
  if (health_ != PartitionHealth::kSyncFailed && end_ > high_) return true;
  sync_queued_ = false;
  sync_idle_.notify_all();
  return false;
}

Status LogPartition::sync_files(const std::vector<std::shared_ptr<Segment>>& segments,
                                bool folder) {
  for (const auto& segment : segments) {
    DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, segment->file());
    const int64_t before = context_.env.monotonic_nanos();
    DF_RETURN_IF_ERROR(file->sync());
    context_.metrics.sync_seconds(static_cast<double>(context_.env.monotonic_nanos() - before) /
                                  1e9);
  }
  if (folder) DF_RETURN_IF_ERROR(context_.env.sync_dir(spec_.dir));
  return {};
}

void LogPartition::note_pages(const std::vector<std::shared_ptr<Segment>>& segments,
                              const SyncedBound& place) {
  for (const auto& segment : segments) {
    Result<std::shared_ptr<File>> file = segment->file();
    if (!file.ok()) continue;
    const bool sealed = segment != segments.back();
    page_tail_.note_synced(*file, sealed ? segment->bytes() : place.position, sealed);
  }
}

void LogPartition::finish_sync(const Status& synced, Offset end, const SyncedBound& place) {
  std::vector<SyncWaiter> done;
  std::vector<std::shared_ptr<AdvanceListener>> listeners;
  // Before anybody hears of it, so that what was acknowledged is below the bound after a SIGKILL.
  // Its failure only leaves the bound lower than it could be.
  if (synced.ok()) (void)synced_file_->write(place).ok();
  bool due = false;
  {
    std::lock_guard lock(mutex_);
    if (synced.ok()) {
      high_ = std::max(high_, end);
      high_place_ = place;
      due = bytes_since_checkpoint_ >= context_.options.checkpoint_bytes;
    } else {
      fail_locked(PartitionHealth::kSyncFailed, synced.message());
    }
    while (!waiters_.empty() && (!synced.ok() || waiters_.front().next <= high_)) {
      done.push_back(std::move(waiters_.front()));
      waiters_.pop_front();
    }
    listeners = take_listeners_locked();
  }
  const Status told =
      synced.ok() ? Status() : fault(Fault::kStorage, StatusCode::kIoError, synced.message());
  for (SyncWaiter& waiter : done) waiter.callback(told);
  for (auto& listener : listeners) listener->on_advance();
  if (due) context_.wake_housekeeper();
}

void LogPartition::fail_locked(PartitionHealth health, std::string reason) {
  if (health_ == PartitionHealth::kSyncFailed) return;
  health_ = health;
  health_reason_ = std::move(reason);
  context_.metrics.damage();
  log_error("the partition refuses writes from now on",
            {{"topic", spec_.name.topic},
             {"partition", spec_.name.partition.value()},
             {"why", health_reason_}});
}

void LogPartition::report_damage(const Segment& segment, uint64_t position, Offset offset,
                                 const std::string& what) {
  std::lock_guard lock(mutex_);
  if (health_ == PartitionHealth::kDamaged) return;
  fail_locked(PartitionHealth::kDamaged, "segment " + segment_file_name(segment.base(), ".log") +
                                             " position " + std::to_string(position) + " offset " +
                                             std::to_string(offset.value()) + ": " + what);
}

void LogPartition::await_synced(Offset next, SyncCallback callback) {
  Status now;
  {
    std::lock_guard lock(mutex_);
    if (high_ < next) {
      if (health_ != PartitionHealth::kSyncFailed && !closed_) {
        auto at = waiters_.end();
        while (at != waiters_.begin() && std::prev(at)->next > next) --at;
        waiters_.insert(at, {next, std::move(callback)});
        return;
      }
      now = fault(Fault::kStorage, StatusCode::kIoError,
                  closed_ ? "the log was closed" : "a write to disk failed: " + health_reason_);
    }
  }
  callback(now);
}

bool LogPartition::listen(Offset seen_high, Offset seen_stable,
                          std::shared_ptr<AdvanceListener> listener) {
  std::lock_guard lock(mutex_);
  if (closed_ || high_ != seen_high || last_stable_locked() != seen_stable) return false;
  listeners_.push_back(std::move(listener));
  return true;
}

void LogPartition::forget(const AdvanceListener* listener) {
  std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [&](const auto& l) { return l.get() == listener; });
}

std::vector<std::shared_ptr<AdvanceListener>> LogPartition::take_listeners_locked() {
  return std::exchange(listeners_, {});
}

bool LogPartition::checkpoint_due() const {
  std::lock_guard lock(mutex_);
  return !closed_ && health_ == PartitionHealth::kWritable &&
         bytes_since_checkpoint_ >= context_.options.checkpoint_bytes;
}

Status LogPartition::write_checkpoint() {
  struct IndexToWrite {
    std::shared_ptr<Segment> segment;
    SegmentSummary summary;
    std::shared_ptr<SegmentIndex> index;
    bool sealed;
  };
  const std::lock_guard one_at_a_time(checkpointing_);
  Checkpoint checkpoint;
  std::vector<IndexToWrite> indexes;
  int64_t bytes = 0;
  uint64_t compactions = 0;
  {
    std::lock_guard lock(mutex_);
    if (health_ != PartitionHealth::kWritable) return {};
    // The one on disk (none, for an empty log) says all that this one would.
    if (checkpoint_end_ == end_ && bytes_since_checkpoint_ == 0 &&
        checkpoint_compactions_ == compactions_) {
      return {};
    }
    compactions = compactions_;
    checkpoint.end = end_;
    checkpoint.segment = segments_.back()->base();
    checkpoint.position = segments_.back()->bytes();
    checkpoint.compacted_to = compacted_to_;
    checkpoint.producers = producers_;
    bytes = bytes_since_checkpoint_;
    for (const auto& segment : segments_) {
      if (!segment->has_active_index()) continue;
      const bool sealed = segment != segments_.back();
      auto copy = sealed ? segment->active_index()
                         : std::make_shared<SegmentIndex>(*segment->active_index());
      indexes.push_back({segment, segment->summary(), std::move(copy), sealed});
    }
  }
  std::promise<Status> synced;
  await_synced(checkpoint.end, [&](Status s) { synced.set_value(std::move(s)); });
  DF_RETURN_IF_ERROR(synced.get_future().get());
  for (IndexToWrite& item : indexes) {
    DF_RETURN_IF_ERROR(item.segment->write_index(item.summary, *item.index));
    if (!item.sealed) continue;
    std::lock_guard lock(mutex_);
    item.segment->drop_index();
  }
  DF_RETURN_IF_ERROR(
      context_.env.write_file_durably(spec_.dir + "/checkpoint", encode_checkpoint(checkpoint)));
  std::lock_guard lock(mutex_);
  checkpoint_end_ = std::max(checkpoint_end_, checkpoint.end);
  checkpoint_compactions_ = compactions;
  bytes_since_checkpoint_ -= bytes;
  return {};
}

Status LogPartition::close() {
  Status checkpointed = write_checkpoint();
  std::unique_lock lock(mutex_);
  closed_ = true;
  sync_idle_.wait(lock, [this] { return !sync_queued_; });
  std::deque<SyncWaiter> left = std::exchange(waiters_, {});
  auto listeners = take_listeners_locked();
  lock.unlock();
  for (SyncWaiter& w : left) {
    w.callback(fault(Fault::kStorage, StatusCode::kUnavailable, "the log was closed"));
  }
  for (auto& listener : listeners) listener->on_advance();
  const Status ended = end_file();
  return checkpointed.ok() ? ended : checkpointed;
}

// After the last sync: nobody touches the active segment's file any more.
Status LogPartition::end_file() {
  std::lock_guard lock(mutex_);
  Segment& active = *segments_.back();
  if (health_ != PartitionHealth::kWritable || !active.has_zeros()) return {};
  DF_RETURN_IF_ERROR(active.trim());
  DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, active.file());
  const Status synced = file->sync();
  if (!synced.ok()) fail_locked(PartitionHealth::kSyncFailed, synced.message());
  return synced;
}

}  // namespace dataflow::log
