// What the server tells of topics beyond their partitions: settings and sizes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/status.h"
#include "cli/topic_offsets.h"

namespace dataflow::cli {

struct TopicSetting {
  std::string name;
  std::string value;
  bool own = false;  // set for this topic, not the server's default
};
// By topic, in order of name. Topics that could not be asked for are left out.
Result<std::map<std::string, std::vector<TopicSetting>>> topic_settings_of(
    KafkaCluster& cluster, const std::vector<std::string>& topics);

// Bytes on disk by partition; of a replicated one the largest copy. Empty if no broker tells.
std::map<OffsetQuestion, int64_t> partition_sizes(KafkaCluster& cluster);

// "7d" for retention.ms=604800000 and the like; empty where the bare value says as much.
std::string setting_for_people(const std::string& name, const std::string& value);

}  // namespace dataflow::cli
