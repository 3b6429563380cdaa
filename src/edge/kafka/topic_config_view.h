// A topic's settings as Kafka's configuration answers show them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker.h"
#include "log/topic_config.h"

namespace dataflow::kafka {

enum class ConfigSource : int8_t {
  kTopic = 1,
  kDynamicBroker = 2,
  kStaticBroker = 4,
  kDefault = 5,
};

// The numbers of Kafka's ConfigDef types.
int8_t config_type_number(log::ConfigValueType type);

struct ConfigSynonym {
  std::string_view name;
  std::string value;
  ConfigSource source;
};

struct TopicConfigEntry {
  std::string_view name;
  std::string value;
  ConfigSource source;
  int8_t type;
  std::string_view doc;
  std::vector<ConfigSynonym> synonyms;  // where the value comes from, the strongest first
};

// Every key, in alphabetical order.
std::vector<TopicConfigEntry> topic_config_entries(const Broker& broker,
                                                   const log::TopicConfig& config,
                                                   const log::ConfigOverrides& overrides);

}  // namespace dataflow::kafka
