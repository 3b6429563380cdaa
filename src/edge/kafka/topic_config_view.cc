#include "topic_config_view.h"

#include <utility>

namespace dataflow::kafka {

int8_t config_type_number(log::ConfigValueType type) {
  switch (type) {
    case log::ConfigValueType::kBoolean: return 1;
    case log::ConfigValueType::kString: return 2;
    case log::ConfigValueType::kInt: return 3;
    case log::ConfigValueType::kLong: return 5;
    case log::ConfigValueType::kDouble: return 6;
    case log::ConfigValueType::kList: return 7;
  }
  return 0;
}

std::vector<TopicConfigEntry> topic_config_entries(const Broker& broker,
                                                   const log::TopicConfig& config,
                                                   const log::ConfigOverrides& overrides) {
  const log::TopicConfig built_in;
  std::vector<TopicConfigEntry> entries;
  for (const log::ConfigKey& key : log::topic_config_keys()) {
    auto value = log::topic_config_value(config, overrides, key.name);
    auto server = log::topic_config_value(broker.log.options().defaults, {}, key.name);
    auto standard = log::topic_config_value(built_in, {}, key.name);

    TopicConfigEntry entry;
    entry.name = key.name;
    entry.type = config_type_number(key.type);
    entry.doc = key.doc;
    if (overrides.contains(key.name)) {
      entry.synonyms.push_back({key.name, value.value_or(""), ConfigSource::kTopic});
    }
    if (server != standard) {
      entry.synonyms.push_back({key.name, server.value_or(""), ConfigSource::kStaticBroker});
    }
    entry.synonyms.push_back({key.name, standard.value_or(""), ConfigSource::kDefault});
    entry.value = value.value_or("");
    entry.source = entry.synonyms.front().source;
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace dataflow::kafka
