// Opening and closing the log.
#include <set>

#include "base/durable_dirs.h"
#include "base/logger.h"
#include "log_impl.h"

namespace dataflow::log {

Result<std::unique_ptr<Log>> Log::open(Env& env, meta::Store& store, LogOptions options,
                                       Metrics* metrics) {
  auto log = std::make_unique<LogImpl>(env, store, std::move(options), metrics);
  DF_RETURN_IF_ERROR(log->load());
  return std::unique_ptr<Log>(std::move(log));
}

LogImpl::LogImpl(Env& env, meta::Store& store, LogOptions options, Metrics* metrics)
    : syncer_(std::max(1, options.sync_threads)),
      context_{env, store, std::move(options), syncer_, {}, {}, {}},
      metrics_(metrics) {
  context_.wake_housekeeper = [this] {
    {
      std::lock_guard lock(house_mutex_);
      house_due_ = true;
    }
    house_wake_.notify_one();
  };
}

LogImpl::~LogImpl() {
  callbacks_.clear();
  // Whoever did not close() wants what a crash would leave: no checkpoints, no clean mark.
  {
    std::lock_guard lock(house_mutex_);
    stopping_ = true;
  }
  house_wake_.notify_one();
  if (housekeeper_.joinable()) housekeeper_.join();
  syncer_.stop();
}

std::string LogImpl::topic_dir(const Uuid& id) const {
  return context_.options.dir + "/topics/" + id.to_string();
}

Status LogImpl::load() {
  Env& env = context_.env;
  const std::string& dir = context_.options.dir;
  DF_RETURN_IF_ERROR(create_dirs_durably(env, dir + "/topics"));
  const std::string mark = dir + "/clean";
  const bool clean = env.exists(mark);
  if (clean) {
    // Durably gone before anything is written: a crash from now on is an unclean stop.
    DF_RETURN_IF_ERROR(env.remove_file(mark));
    DF_RETURN_IF_ERROR(env.sync_dir(dir));
  }
  register_metrics(metrics_);
  DF_RETURN_IF_ERROR(finish_deletions());
  DF_RETURN_IF_ERROR(load_topics(clean));
  DF_RETURN_IF_ERROR(report_strangers());
  check_disk();
  start_housekeeper();
  return {};
}

Status LogImpl::finish_deletions() {
  DF_ASSIGN_OR_RETURN(std::vector<Uuid> notes, get_deletion_notes(context_.store));
  for (const Uuid& id : notes) {
    DF_RETURN_IF_ERROR(remove_topic_files(id));
    meta::WriteBatch batch;
    remove_deletion_note(batch, id);
    DF_RETURN_IF_ERROR(context_.store.commit(std::move(batch)));
  }
  return {};
}

// Durably, so that the note of it may go: files without a topic and without a note would stay for
// ever.
Status LogImpl::remove_topic_files(const Uuid& id) {
  DF_RETURN_IF_ERROR(context_.env.remove_tree(topic_dir(id)));
  return context_.env.sync_dir(context_.options.dir + "/topics");
}

Status LogImpl::load_topics(bool clean) {
  std::vector<TopicInfo> infos;
  Status bad;
  DF_RETURN_IF_ERROR(
      context_.store.scan(kTopicsTable, "", [&](std::string_view key, std::string_view row) {
        Result<TopicInfo> info = decode_topic(key, row);
        if (!info.ok()) {
          bad = info.status().with_context("reading topic " + std::string(key));
          return false;
        }
        infos.push_back(std::move(*info));
        return true;
      }));
  DF_RETURN_IF_ERROR(bad);
  meta::WriteBatch epochs;
  for (TopicInfo& info : infos) {
    DF_ASSIGN_OR_RETURN(info.config, make_topic_config(context_.options.defaults, info.overrides));
    auto topic = std::make_shared<Topic>();
    DF_ASSIGN_OR_RETURN(topic->partitions,
                        open_partitions(info, 0, clean ? Found::kClean : Found::kUnclean));
    topic->info = std::move(info);
    for (const auto& partition : topic->partitions) {
      // A log that ends before its newest epoch was cut short by somebody: that number is used up.
      if (clean && partition->epochs().back().start <= partition->end()) continue;
      partition->start_epoch(partition->leader_epoch() + 1);
      put_epochs(epochs, topic->info.id, partition->name().partition, partition->epochs());
    }
    publish(std::move(topic));
  }
  return epochs.empty() ? Status() : context_.store.commit(std::move(epochs));
}

// Folders that belong to no topic: left by a crash while a topic was made (then they are empty), or
// something that nobody should delete unasked.
Status LogImpl::report_strangers() {
  std::set<std::string> known;
  for (const TopicPtr& topic : all()) known.insert(topic->info.id.to_string());
  const std::string dir = context_.options.dir + "/topics";
  DF_ASSIGN_OR_RETURN(std::vector<DirEntry> entries, context_.env.list_dir(dir));
  for (const DirEntry& entry : entries) {
    if (!entry.is_dir || known.contains(entry.name)) continue;
    uint64_t bytes = 0;
    bool foreign = false;
    DF_ASSIGN_OR_RETURN(std::vector<DirEntry> partitions,
                        context_.env.list_dir(dir + "/" + entry.name));
    for (const DirEntry& p : partitions) {
      foreign |= !p.is_dir;
      if (!p.is_dir) continue;
      const std::string folder = dir + "/" + entry.name + "/" + p.name;
      DF_ASSIGN_OR_RETURN(std::vector<DirEntry> files, context_.env.list_dir(folder));
      for (const DirEntry& f : files) {
        if (!parse_segment_file_name(f.name)) continue;
        DF_ASSIGN_OR_RETURN(uint64_t size, context_.env.file_size(folder + "/" + f.name));
        bytes += size;
      }
    }
    if (bytes == 0 && !foreign) {
      DF_RETURN_IF_ERROR(context_.env.remove_tree(dir + "/" + entry.name));
    } else {
      log_warn("a folder that is not empty belongs to no topic; it is left alone",
               {{"folder", dir + "/" + entry.name}, {"bytes", bytes}});
    }
  }
  return {};
}

Result<std::vector<std::shared_ptr<LogPartition>>> LogImpl::open_partitions(const TopicInfo& info,
                                                                            int32_t from,
                                                                            Found found) {
  std::vector<std::shared_ptr<LogPartition>> opened;
  auto config = std::make_shared<const TopicConfig>(info.config);
  for (int32_t i = from; i < info.partitions; ++i) {
    PartitionSpec spec;
    spec.name = {info.name, PartitionIndex(i)};
    spec.topic_id = info.id;
    spec.dir = topic_dir(info.id) + "/" + std::to_string(i);
    spec.config = config;
    spec.must_exist = found != Found::kNew;
    spec.clean = found == Found::kClean;
    if (spec.must_exist) {
      DF_ASSIGN_OR_RETURN(spec.epochs, get_epochs(context_.store, info.id, PartitionIndex(i)));
      DF_ASSIGN_OR_RETURN(spec.log_start,
                          get_log_start(context_.store, info.id, PartitionIndex(i)));
    } else {
      spec.epochs = {{LeaderEpoch(0), Offset(0)}};
    }
    DF_ASSIGN_OR_RETURN(std::shared_ptr<LogPartition> partition,
                        LogPartition::open(context_, std::move(spec)));
    opened.push_back(std::move(partition));
  }
  return opened;
}

Status LogImpl::close() {
  std::lock_guard admin(admin_);  // a topic made from here on would never be synced
  {
    std::lock_guard lock(house_mutex_);
    if (closed_) return {};
    closed_ = true;
    stopping_ = true;
  }
  house_wake_.notify_one();
  if (housekeeper_.joinable()) housekeeper_.join();
  Status worst;
  for (const TopicPtr& topic : all()) {
    for (const auto& partition : topic->partitions) {
      Status closed = partition->close();
      if (!closed.ok() && worst.ok()) {
        worst = closed.with_context("closing " + topic->info.name + "-" +
                                    std::to_string(partition->name().partition.value()));
      }
      if (partition->stats().health == PartitionHealth::kSyncFailed && worst.ok()) {
        worst = Status::io_error("closing " + topic->info.name + ": a write to disk had failed");
      }
    }
  }
  syncer_.stop();
  if (!worst.ok()) return worst;
  return context_.env.write_file_durably(context_.options.dir + "/clean", "clean\n");
}

}  // namespace dataflow::log
