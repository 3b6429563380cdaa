// The Log: the topics in memory, their rows in meta, and the housekeeper's thread.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "log/log.h"
#include "log_context.h"
#include "log_partition.h"
#include "log_tables.h"

namespace dataflow::log {

class LogImpl final : public Log {
 public:
  LogImpl(Env& env, meta::Store& store, LogOptions options, Metrics* metrics);
  ~LogImpl() override;

  Status load();

  Status close() override;
  Result<TopicInfo> create_topic(const std::string& name, int32_t partitions,
                                 const ConfigOverrides& overrides) override;
  Status delete_topic(const std::string& name) override;
  Status add_partitions(const std::string& name, int32_t new_count) override;
  Status set_topic_config(const std::string& name, const ConfigOverrides& overrides) override;
  Status check_new_topic(const std::string& name, int32_t partitions,
                         const ConfigOverrides& overrides) const override;
  std::vector<TopicInfo> topics() const override;
  std::optional<TopicInfo> topic(std::string_view name) const override;
  std::optional<TopicInfo> topic_by_id(const Uuid& id) const override;
  std::shared_ptr<Partition> partition(std::string_view topic, PartitionIndex index) const override;
  const LogOptions& options() const override { return context_.options; }
  void on_topic_deleted(std::function<void(const std::string&)> listener) override;
  void keep_house() override;

 private:
  struct Topic {
    TopicInfo info;
    std::vector<std::shared_ptr<LogPartition>> partitions;
  };
  using TopicPtr = std::shared_ptr<const Topic>;

  std::string topic_dir(const Uuid& id) const;
  Status finish_deletions();
  Status remove_topic_files(const Uuid& id);
  Status check_open() const;
  Status load_topics(bool clean);
  Status report_strangers();
  enum class Found { kNew, kClean, kUnclean };
  Result<std::vector<std::shared_ptr<LogPartition>>> open_partitions(const TopicInfo& info,
                                                                     int32_t from, Found found);
  Status make_topic(const std::shared_ptr<Topic>& topic);
  TopicPtr find(std::string_view name) const;
  std::vector<TopicPtr> all() const;
  void publish(TopicPtr topic);
  void start_housekeeper();
  void check_disk();
  void write_due_checkpoints();
  void register_metrics(Metrics* metrics);

  Syncer syncer_;
  LogContext context_;
  Metrics* const metrics_;
  std::vector<std::unique_ptr<MetricCallback>> callbacks_;
  std::mutex admin_;  // one change of topics at a time
  mutable std::shared_mutex topics_mutex_;
  std::map<std::string, TopicPtr, std::less<>> topics_;
  std::unordered_map<Uuid, TopicPtr> topics_by_id_;
  std::vector<std::function<void(const std::string&)>> deletion_listeners_;

  mutable std::mutex house_mutex_;
  std::condition_variable house_wake_;
  bool house_due_ = false;
  bool stopping_ = false;
  bool closed_ = false;
  std::thread housekeeper_;
};

}  // namespace dataflow::log
