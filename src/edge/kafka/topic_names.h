// Topics that belong to the server itself.
#pragma once

#include <string_view>

namespace dataflow::kafka {

// Kafka marks these two for clients, which then keep them out of subscriptions by pattern.
inline bool is_internal_topic(std::string_view name) {
  return name == "__consumer_offsets" || name == "__transaction_state";
}

// Everything that an unrestricted client may do, as bits of Kafka's ACL operations.
inline constexpr int32_t kAllTopicOperations = 0b1101'1111'1000;  // read … alter configs
inline constexpr int32_t kAllClusterOperations = 0b1'1111'1010'0000;
inline constexpr int32_t kAllGroupOperations = 0b1'0100'1000;
inline constexpr int32_t kOperationsNotAsked = INT32_MIN;

}  // namespace dataflow::kafka
