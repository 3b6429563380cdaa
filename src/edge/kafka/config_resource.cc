#include "config_resource.h"

namespace dataflow::kafka {

using wire::ErrorCode;

Refusal check_broker_resource(const Broker& broker, const std::string& name) {
  std::string id = std::to_string(broker.options.node_id);
  if (name.empty() || name == id) return {};
  return {ErrorCode::kInvalidRequest, "there is no broker " + name + "; this one is " + id};
}

Refusal refuse_change(const Broker& broker, int8_t type, const std::string& name) {
  if (type != kBrokerResource) {
    return {ErrorCode::kInvalidRequest,
            "resource type " + std::to_string(type) + " has no settings here; topics (2) have"};
  }
  Refusal wrong_broker = check_broker_resource(broker, name);
  if (wrong_broker.refused()) return wrong_broker;
  return {
      ErrorCode::kInvalidConfig,
      "the server's own settings cannot be changed while it runs; set them in its configuration "
      "and start it again"};
}

}  // namespace dataflow::kafka
