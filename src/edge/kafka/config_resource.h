// What a configuration request is about.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "broker.h"

namespace dataflow::kafka {

inline constexpr int8_t kTopicResource = 2;
inline constexpr int8_t kBrokerResource = 4;

// A refusal in the words of both protocols' layers.
struct Refusal {
  wire::ErrorCode code = wire::ErrorCode::kNone;
  std::string message;

  bool refused() const { return code != wire::ErrorCode::kNone; }
  static Refusal of(const Status& status) { return {error_of(status), status.message()}; }
};

// Whether `name` is this node, or empty for all nodes together.
Refusal check_broker_resource(const Broker& broker, const std::string& name);
// For a request that would change what is not a topic's: nothing else can be changed while the
// server runs.
Refusal refuse_change(const Broker& broker, int8_t type, const std::string& name);

}  // namespace dataflow::kafka
