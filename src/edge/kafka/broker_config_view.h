// The server's own settings under Kafka's names, as consoles and tools ask for them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker.h"
#include "topic_config_view.h"

namespace dataflow::kafka {

struct BrokerConfigEntry {
  std::string_view name;
  std::string value;
  ConfigSource source;
  int8_t type;
  std::string_view doc;
};

// None of them can be changed while the server runs.
std::vector<BrokerConfigEntry> broker_config_entries(const Broker& broker);

}  // namespace dataflow::kafka
