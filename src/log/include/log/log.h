// The log: every topic of one data directory, and the threads that make appends durable and keep
// the partitions within their retention.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/uuid.h"
#include "log/partition.h"
#include "log/topic_config.h"
#include "meta/store.h"

namespace dataflow {
class Metrics;
}

namespace dataflow::log {

struct LogOptions {
  std::string dir;  // <data-dir>/log
  TopicConfig defaults;
  int sync_threads = 4;  // fdatasync calls that may be under way at once
  int64_t checkpoint_bytes =
      64LL << 20;  // appended between two checkpoints of a partition; bounds recovery
  int64_t reserve_bytes =
      64LL << 20;  // appends are refused when less than this is free on the disk
  int64_t page_cache_bytes =
      1LL << 30;  // written last, and left in the machine's page cache; 0: no bound
  int64_t zeros_ahead = 128LL << 10;  // behind a log's end, while its syncs are small; 0: never
  int64_t housekeeping_interval_ms = 5000;
  int64_t producer_id_expiration_ms = 24LL * 3600 * 1000;
  int32_t max_partitions_per_topic = 10000;
  int64_t clean_memory_bytes = 64LL << 20;  // one compaction's key map
};

struct TopicInfo {
  std::string name;
  Uuid id;
  int32_t partitions = 0;
  ConfigOverrides overrides;
  TopicConfig config;
  Timestamp created;
};

class Log {
 public:
  // Recovers every partition; after an unclean stop each takes a new leader epoch. `registry` may
  // be null.
  static Result<std::unique_ptr<Log>> open(Env& env, meta::Store& store, LogOptions options,
                                           Metrics* registry);
  virtual ~Log() = default;
  // Syncs, writes checkpoints and the clean mark. After it every append is refused.
  virtual Status close() = 0;

  // These block for disk writes: call them from a thread that may wait.
  virtual Result<TopicInfo> create_topic(const std::string& name, int32_t partitions,
                                         const ConfigOverrides& overrides) = 0;
  virtual Status delete_topic(const std::string& name) = 0;
  virtual Status add_partitions(const std::string& name, int32_t new_count) = 0;
  virtual Status set_topic_config(const std::string& name, const ConfigOverrides& overrides) = 0;
  // What create_topic would say, without doing it.
  virtual Status check_new_topic(const std::string& name, int32_t partitions,
                                 const ConfigOverrides& overrides) const = 0;

  // These do not block.
  virtual std::vector<TopicInfo> topics() const = 0;  // in order of name
  virtual std::optional<TopicInfo> topic(std::string_view name) const = 0;
  virtual std::optional<TopicInfo> topic_by_id(const Uuid& id) const = 0;
  virtual std::shared_ptr<Partition> partition(std::string_view topic,
                                               PartitionIndex index) const = 0;
  virtual const LogOptions& options() const = 0;

  // Called (on the caller's thread of delete_topic, once the topic is gone) so that groups and
  // transactions forget it.
  virtual void on_topic_deleted(std::function<void(const std::string&)> listener) = 0;

  // Runs one round of retention, rolling, producer expiry and compaction now. Tests and the
  // housekeeper.
  virtual void keep_house() = 0;
};

}  // namespace dataflow::log
