#include "group_table.h"

#include <condition_variable>
#include <mutex>

#include "coordinator_tables.h"
#include "group_rows.h"

namespace dataflow::log {

Status GroupTable::load(meta::Store& store) {
  DF_RETURN_IF_ERROR(load_groups(store));
  return load_offsets(store);
}

Status GroupTable::load_groups(meta::Store& store) {
  Status status;
  const auto visit = [&](std::string_view key, std::string_view value) {
    Result<std::string> name = read_group_key(key);
    Result<GroupRecord> record = read_group_row(value);
    status = name.ok() ? record.status() : name.status();
    if (!status.ok()) return false;
    find_or_make(*name)->restore(std::move(*record));
    return true;
  };
  DF_RETURN_IF_ERROR(store.scan(kGroupsTable, "", visit));
  return status.ok() ? status : status.with_context("loading the consumer groups");
}

Status GroupTable::load_offsets(meta::Store& store) {
  Status status;
  const auto visit = [&](std::string_view key, std::string_view value) {
    Result<GroupOffsetKey> place = read_group_offset_key(key);
    Result<CommittedOffset> offset = read_group_offset_row(value);
    status = place.ok() ? offset.status() : place.status();
    if (!status.ok()) return false;
    find_or_make(place->group)->restore_offset(place->partition, std::move(*offset));
    return true;
  };
  DF_RETURN_IF_ERROR(store.scan(kGroupOffsetsTable, "", visit));
  return status.ok() ? status : status.with_context("loading the offsets of consumer groups");
}

void GroupTable::start() {
  context_->log.on_topic_deleted([weak = weak_from_this()](const std::string& topic) {
    if (const auto self = weak.lock()) self->drop_topic(topic);
  });
  // A topic may have been deleted just before the last stop, when nobody heard of it any more.
  std::map<std::string, bool> gone;
  for (const RunnerPtr& runner : all()) {
    std::vector<GroupOffsetView> offsets;
    runner->add_offset_views(offsets);
    for (const GroupOffsetView& offset : offsets) {
      gone.try_emplace(offset.partition.topic, !context_->log.topic(offset.partition.topic));
    }
  }
  for (const auto& [topic, is_gone] : gone) {
    if (is_gone) drop_topic(topic);
  }
  arm_expiry();
}

void GroupTable::arm_expiry() {
  const std::unique_lock lock(mutex_);
  if (closed_) return;
  expiry_timer_ = context_->timers.schedule_after(
      context_->options.expiry_check_interval_ms * 1000000, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->expire_offsets();
        self->arm_expiry();
      });
}

void GroupTable::close() {
  {
    const std::unique_lock lock(mutex_);
    closed_ = true;
    context_->timers.cancel(expiry_timer_);
  }
  for (const RunnerPtr& runner : all()) runner->close();
  context_->commits.wait_idle();
}

GroupTable::RunnerPtr GroupTable::find(const std::string& name) const {
  const std::shared_lock lock(mutex_);
  const auto it = groups_.find(name);
  return it == groups_.end() ? nullptr : it->second;
}

GroupTable::RunnerPtr GroupTable::find_or_make(const std::string& name) {
  if (RunnerPtr found = find(name)) return found;
  const std::unique_lock lock(mutex_);
  if (closed_) return nullptr;
  RunnerPtr& runner = groups_[name];
  if (runner == nullptr) runner = std::make_shared<GroupRunner>(name, context_);
  return runner;
}

std::vector<GroupTable::RunnerPtr> GroupTable::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<RunnerPtr> out;
  out.reserve(groups_.size());
  for (const auto& [name, runner] : groups_) out.push_back(runner);
  return out;
}

std::function<void()> GroupTable::eraser(const RunnerPtr& runner) {
  return [weak = weak_from_this(), runner] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    const std::unique_lock lock(self->mutex_);
    const auto it = self->groups_.find(runner->name());
    if (it != self->groups_.end() && it->second == runner) self->groups_.erase(it);
  };
}

void GroupTable::expire_offsets() {
  for (const RunnerPtr& runner : all()) runner->expire_offsets(eraser(runner));
}

void GroupTable::drop_topic(const std::string& topic) {
  std::mutex mutex;
  std::condition_variable done;
  const std::vector<RunnerPtr> groups = all();
  size_t left = groups.size();
  for (const RunnerPtr& runner : groups) {
    runner->drop_topic(topic, [&] {
      const std::lock_guard lock(mutex);
      if (--left == 0) done.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return left == 0; });
}

bool GroupTable::lock_all(std::map<std::string, Settlement>& parts,
                          std::vector<std::unique_lock<std::mutex>>& locks) {
  for (auto& [name, part] : parts) {
    locks.push_back(part.runner->lock());
    if (part.runner->dead_locked()) return false;
  }
  return true;
}

void GroupTable::settle(ProducerId producer, meta::WriteBatch batch,
                        const std::vector<TransactionalOffsets::Staged>& offsets,
                        StatusCallback callback) {
  const Timestamp now = context_->env.now();
  std::map<std::string, Settlement> parts;
  // In the order of their names, always: two transactions over the same groups cannot block each
  // other.
  std::vector<std::unique_lock<std::mutex>> locks;
  do {
    locks.clear();
    for (const auto& staged : offsets) {
      Settlement& part = parts[staged.group];
      part.runner = find_or_make(staged.group);
      if (part.runner != nullptr) continue;
      callback(Status::unavailable("the server is stopping"));
      return;
    }
  } while (!lock_all(parts, locks));

  for (const auto& [name, part] : parts) {
    if (!part.runner->closed_locked()) continue;
    locks.clear();
    callback(Status::unavailable("the server is stopping"));
    return;
  }
  for (const auto& staged : offsets) {
    Settlement& part = parts.at(staged.group);
    if (!part.runner->put_settled_locked(batch, staged.offset, now)) continue;
    part.offsets.push_back(staged.offset);
  }
  for (auto& [name, part] : parts) part.runner->write_begins_locked();
  context_->commits.submit(std::move(batch), [producer, parts, now, callback = std::move(callback)](
                                                 const Status& written) {
    for (const auto& [name, part] : parts) {
      part.runner->settled(producer, part.offsets, now, written.ok());
    }
    callback(written);
  });
  locks.clear();
  context_->commits.flush();
}

}  // namespace dataflow::log
