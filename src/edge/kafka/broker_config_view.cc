#include "broker_config_view.h"

#include <utility>

namespace dataflow::kafka {

namespace {

using log::ConfigValueType;

// A topic's setting under the name that the server's default for it has.
struct TopicDefault {
  std::string_view broker_name;
  std::string_view topic_name;
};

constexpr TopicDefault kTopicDefaults[] = {
    {"compression.type", "compression.type"},
    {"log.cleaner.delete.retention.ms", "delete.retention.ms"},
    {"log.cleaner.max.compaction.lag.ms", "max.compaction.lag.ms"},
    {"log.cleaner.min.cleanable.ratio", "min.cleanable.dirty.ratio"},
    {"log.cleaner.min.compaction.lag.ms", "min.compaction.lag.ms"},
    {"log.cleanup.policy", "cleanup.policy"},
    {"log.index.interval.bytes", "index.interval.bytes"},
    {"log.message.timestamp.type", "message.timestamp.type"},
    {"log.retention.bytes", "retention.bytes"},
    {"log.retention.ms", "retention.ms"},
    {"log.roll.ms", "segment.ms"},
    {"log.segment.bytes", "segment.bytes"},
    {"log.segment.delete.delay.ms", "file.delete.delay.ms"},
    {"message.max.bytes", "max.message.bytes"},
    {"min.insync.replicas", "min.insync.replicas"},
};

class Entries {
 public:
  void add(std::string_view name, std::string value, ConfigValueType type, std::string_view doc) {
    entries_.push_back(
        {name, std::move(value), ConfigSource::kStaticBroker, config_type_number(type), doc});
  }
  void add(std::string_view name, bool value, std::string_view doc) {
    add(name, value ? "true" : "false", ConfigValueType::kBoolean, doc);
  }
  void add(std::string_view name, int64_t value, std::string_view doc) {
    add(name, std::to_string(value), ConfigValueType::kLong, doc);
  }
  void add(BrokerConfigEntry entry) { entries_.push_back(std::move(entry)); }
  std::vector<BrokerConfigEntry> take() { return std::move(entries_); }

 private:
  std::vector<BrokerConfigEntry> entries_;
};

void add_topic_defaults(const Broker& broker, Entries& to) {
  auto topic_entries = topic_config_entries(broker, broker.log.options().defaults, {});
  for (const TopicDefault& name : kTopicDefaults) {
    for (TopicConfigEntry& entry : topic_entries) {
      if (entry.name != name.topic_name) continue;
      to.add({name.broker_name, std::move(entry.value), entry.source, entry.type, entry.doc});
    }
  }
}

}  // namespace

std::vector<BrokerConfigEntry> broker_config_entries(const Broker& broker) {
  const KafkaOptions& options = broker.options;
  Entries entries;
  entries.add("auto.create.topics.enable", options.auto_create_topics,
              "Whether asking for a topic that does not exist makes it");
  entries.add("broker.id", int64_t{options.node_id}, "This node's id");
  entries.add("connections.max.idle.ms", options.idle_timeout_ms,
              "A connection on which nothing happens for this long is closed");
  entries.add("default.replication.factor", int64_t{1}, "One node keeps one replica");
  entries.add("delete.topic.enable", true, "Whether topics can be deleted");
  entries.add("fetch.max.bytes", int64_t{options.max_fetch_bytes}, "The largest answer to a Fetch");
  entries.add("listeners", "PLAINTEXT://" + options.host + ":" + std::to_string(options.port),
              ConfigValueType::kString, "Where the server listens for Kafka clients");
  entries.add("transaction.max.timeout.ms", options.max_transaction_timeout_ms,
              "The longest transaction timeout that a producer may ask for");
  entries.add("log.dirs", broker.log.options().dir, ConfigValueType::kString,
              "Where the partitions lie");
  entries.add("max.connections", static_cast<int64_t>(options.max_connections),
              "Open connections of Kafka clients at most");
  entries.add("num.partitions", int64_t{options.default_partitions},
              "Partitions of a topic whose creator names no number");
  entries.add("socket.request.max.bytes", static_cast<int64_t>(options.max_request_bytes),
              "The largest request");
  add_topic_defaults(broker, entries);
  return entries.take();
}

}  // namespace dataflow::kafka
