// What a consumer tells its group's leader, as far as the broker looks into it.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/status.h"

namespace dataflow::log {

inline constexpr std::string_view kConsumerProtocolType = "consumer";

// Adds the topics that this member's protocol metadata subscribes to. kInvalid if it is not a
// consumer's subscription (version int16, then an array of strings, then what does not matter
// here).
Status add_subscribed_topics(std::string_view metadata, std::set<std::string>& topics);

}  // namespace dataflow::log
