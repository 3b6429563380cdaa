// Topics: making, changing and deleting them, and the housekeeper's rounds.
#include <pthread.h>
#include <algorithm>
#include <chrono>

#include "base/logger.h"
#include "log/fault.h"
#include "log_impl.h"

namespace dataflow::log {
namespace {

Status check_name(const std::string& name) {
  auto bad = [&](const std::string& why) {
    return fault(Fault::kInvalidTopicName, StatusCode::kInvalid,
                 "topic name `" + name + "` " + why);
  };
  if (name.empty()) return bad("is empty");
  if (name.size() > 249) return bad("is longer than 249 characters");
  if (name == "." || name == "..") return bad("may not be . or ..");
  for (char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
    if (!good) return bad("may hold letters, digits, `.`, `_` and `-` only");
  }
  return {};
}

Status unknown_topic(std::string_view name) {
  return fault(Fault::kUnknownTopic, StatusCode::kNotFound,
               "there is no topic `" + std::string(name) + "`");
}

}  // namespace

LogImpl::TopicPtr LogImpl::find(std::string_view name) const {
  std::shared_lock lock(topics_mutex_);
  auto it = topics_.find(name);
  return it == topics_.end() ? nullptr : it->second;
}

std::vector<LogImpl::TopicPtr> LogImpl::all() const {
  std::shared_lock lock(topics_mutex_);
  std::vector<TopicPtr> out;
  out.reserve(topics_.size());
  for (const auto& [name, topic] : topics_) out.push_back(topic);
  return out;
}

void LogImpl::publish(TopicPtr topic) {
  std::unique_lock lock(topics_mutex_);
  topics_by_id_[topic->info.id] = topic;
  std::string name = topic->info.name;
  topics_[std::move(name)] = std::move(topic);
}

std::vector<TopicInfo> LogImpl::topics() const {
  std::vector<TopicInfo> out;
  for (const TopicPtr& topic : all()) out.push_back(topic->info);
  return out;
}

std::optional<TopicInfo> LogImpl::topic(std::string_view name) const {
  TopicPtr topic = find(name);
  return topic ? std::optional(topic->info) : std::nullopt;
}

std::optional<TopicInfo> LogImpl::topic_by_id(const Uuid& id) const {
  std::shared_lock lock(topics_mutex_);
  auto it = topics_by_id_.find(id);
  return it == topics_by_id_.end() ? std::nullopt : std::optional(it->second->info);
}

std::shared_ptr<Partition> LogImpl::partition(std::string_view topic, PartitionIndex index) const {
  std::shared_lock lock(topics_mutex_);
  auto it = topics_.find(topic);
  if (it == topics_.end()) return nullptr;
  const auto& partitions = it->second->partitions;
  if (index.value() < 0 || static_cast<size_t>(index.value()) >= partitions.size()) return nullptr;
  return partitions[static_cast<size_t>(index.value())];
}

void LogImpl::on_topic_deleted(std::function<void(const std::string&)> listener) {
  std::lock_guard admin(admin_);
  deletion_listeners_.push_back(std::move(listener));
}

Status LogImpl::check_new_topic(const std::string& name, int32_t partitions,
                                const ConfigOverrides& overrides) const {
  DF_RETURN_IF_ERROR(check_name(name));
  if (find(name)) {
    return fault(Fault::kTopicExists, StatusCode::kAlreadyExists,
                 "topic `" + name + "` exists already");
  }
  const int32_t most = context_.options.max_partitions_per_topic;
  if (partitions < 1 || partitions > most) {
    return fault(Fault::kInvalidPartitions, StatusCode::kInvalid,
                 "a topic has from 1 to " + std::to_string(most) + " partitions, not " +
                     std::to_string(partitions));
  }
  return make_topic_config(context_.options.defaults, overrides).status();
}

Status LogImpl::check_open() const {
  std::lock_guard lock(house_mutex_);
  return closed_ ? Status::unavailable("changing a topic: the log was closed") : Status();
}

Result<TopicInfo> LogImpl::create_topic(const std::string& name, int32_t partitions,
                                        const ConfigOverrides& overrides) {
  std::lock_guard admin(admin_);
  DF_RETURN_IF_ERROR(check_open());
  DF_RETURN_IF_ERROR(check_new_topic(name, partitions, overrides));
  auto topic = std::make_shared<Topic>();
  TopicInfo& info = topic->info;
  info.name = name;
  info.id = Uuid::random(context_.env);
  info.partitions = partitions;
  info.overrides = overrides;
  DF_ASSIGN_OR_RETURN(info.config, make_topic_config(context_.options.defaults, overrides));
  info.created = context_.env.now();
  Status made_files = make_topic(topic);
  if (!made_files.ok()) {
    // Nothing names these files. Who tries again and again on a full disk must not use up what is
    // left of it; what cannot be removed now, the next start removes.
    topic->partitions.clear();
    (void)context_.env.remove_tree(topic_dir(info.id)).ok();
    return made_files;
  }
  meta::WriteBatch batch;
  put_topic(batch, info);
  DF_RETURN_IF_ERROR(context_.store.commit(std::move(batch)));
  TopicInfo made = info;
  publish(std::move(topic));
  return made;
}

// Files before the row: a crash in between leaves empty folders, which the next start removes.
Status LogImpl::make_topic(const std::shared_ptr<Topic>& topic) {
  const TopicInfo& info = topic->info;
  DF_ASSIGN_OR_RETURN(topic->partitions, open_partitions(info, 0, Found::kNew));
  DF_RETURN_IF_ERROR(context_.env.sync_dir(topic_dir(info.id)));
  return context_.env.sync_dir(context_.options.dir + "/topics");
}

Status LogImpl::delete_topic(const std::string& name) {
  std::lock_guard admin(admin_);
  DF_RETURN_IF_ERROR(check_open());
  TopicPtr topic = find(name);
  if (!topic) return unknown_topic(name);
  meta::WriteBatch batch;
  put_topic_deletion(batch, topic->info);
  DF_RETURN_IF_ERROR(context_.store.commit(std::move(batch)));
  {
    std::unique_lock lock(topics_mutex_);
    topics_.erase(name);
    topics_by_id_.erase(topic->info.id);
  }
  for (const auto& partition : topic->partitions) partition->remove();
  for (const auto& listener : deletion_listeners_) listener(name);
  Status removed = remove_topic_files(topic->info.id);
  // The topic is gone whatever happens to its files; the note makes the next start finish the work.
  if (!removed.ok()) return {};
  meta::WriteBatch done;
  remove_deletion_note(done, topic->info.id);
  context_.store.commit_async(std::move(done), [](const Status&) {});
  return {};
}

Status LogImpl::add_partitions(const std::string& name, int32_t new_count) {
  std::lock_guard admin(admin_);
  DF_RETURN_IF_ERROR(check_open());
  TopicPtr topic = find(name);
  if (!topic) return unknown_topic(name);
  const int32_t most = context_.options.max_partitions_per_topic;
  if (new_count <= topic->info.partitions || new_count > most) {
    return fault(Fault::kInvalidPartitions, StatusCode::kInvalid,
                 "topic `" + name + "` has " + std::to_string(topic->info.partitions) +
                     " partitions; it can get more, up to " + std::to_string(most) + ", not " +
                     std::to_string(new_count));
  }
  auto grown = std::make_shared<Topic>(*topic);
  grown->info.partitions = new_count;
  DF_ASSIGN_OR_RETURN(auto added,
                      open_partitions(grown->info, topic->info.partitions, Found::kNew));
  grown->partitions.insert(grown->partitions.end(), added.begin(), added.end());
  DF_RETURN_IF_ERROR(context_.env.sync_dir(topic_dir(grown->info.id)));
  meta::WriteBatch batch;
  put_topic(batch, grown->info);
  DF_RETURN_IF_ERROR(context_.store.commit(std::move(batch)));
  publish(std::move(grown));
  return {};
}

Status LogImpl::set_topic_config(const std::string& name, const ConfigOverrides& overrides) {
  std::lock_guard admin(admin_);
  DF_RETURN_IF_ERROR(check_open());
  TopicPtr topic = find(name);
  if (!topic) return unknown_topic(name);
  auto changed = std::make_shared<Topic>(*topic);
  changed->info.overrides = overrides;
  DF_ASSIGN_OR_RETURN(changed->info.config,
                      make_topic_config(context_.options.defaults, overrides));
  meta::WriteBatch batch;
  put_topic(batch, changed->info);
  DF_RETURN_IF_ERROR(context_.store.commit(std::move(batch)));
  auto config = std::make_shared<const TopicConfig>(changed->info.config);
  for (const auto& partition : changed->partitions) partition->set_config(config);
  publish(std::move(changed));
  context_.wake_housekeeper();
  return {};
}

void LogImpl::check_disk() {
  Result<uint64_t> free = context_.env.free_bytes(context_.options.dir);
  if (!free.ok()) return;
  const auto reserve = static_cast<uint64_t>(context_.options.reserve_bytes);
  // Taken up again only with some room to spare, so that the state does not flap.
  const bool full = context_.disk.full() ? *free < reserve + reserve / 4 : *free < reserve;
  if (!context_.disk.set_full(full)) return;
  if (full) {
    log_error("the disk is full: writes are refused until space returns",
              {{"free_bytes", *free}, {"reserve_bytes", reserve}});
  } else {
    log_info("the disk has space again: writes are taken", {{"free_bytes", *free}});
  }
}

void LogImpl::write_due_checkpoints() {
  for (const TopicPtr& topic : all()) {
    for (const auto& partition : topic->partitions) {
      if (!partition->checkpoint_due()) continue;
      Status written = partition->write_checkpoint();
      if (written.ok()) continue;
      log_warn("a checkpoint could not be written; recovery would take longer",
               {{"topic", topic->info.name},
                {"partition", partition->name().partition.value()},
                {"why", written.message()}});
    }
  }
}

void LogImpl::keep_house() {
  check_disk();
  write_due_checkpoints();
  const Timestamp now = context_.env.now();
  for (const TopicPtr& topic : all()) {
    for (const auto& partition : topic->partitions) {
      partition->expire_producers(now - context_.options.producer_id_expiration_ms);
      partition->keep_retention();
      Status compacted = partition->compact();
      if (!compacted.ok()) {
        log_warn("compaction failed; it is tried again",
                 {{"topic", topic->info.name},
                  {"partition", partition->name().partition.value()},
                  {"why", compacted.message()}});
      }
    }
  }
}

void LogImpl::start_housekeeper() {
  if (context_.options.housekeeping_interval_ms <= 0) return;
  housekeeper_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "log-house");
    const std::chrono::milliseconds interval(context_.options.housekeeping_interval_ms);
    const std::chrono::milliseconds disk_interval(std::min<int64_t>(interval.count(), 1000));
    auto next_round = std::chrono::steady_clock::now() + interval;
    std::unique_lock lock(house_mutex_);
    while (!stopping_) {
      house_wake_.wait_for(lock, disk_interval, [this] { return stopping_ || house_due_; });
      if (stopping_) return;
      house_due_ = false;
      lock.unlock();
      if (std::chrono::steady_clock::now() >= next_round) {
        keep_house();
        next_round = std::chrono::steady_clock::now() + interval;
      } else {
        check_disk();
        write_due_checkpoints();
      }
      lock.lock();
    }
  });
}

}  // namespace dataflow::log
