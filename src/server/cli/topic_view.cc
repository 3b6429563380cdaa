#include "cli/topic_view.h"

#include <algorithm>

#include "base/units.h"
#include "cli/terminal.h"
#include "wire/messages/describe_configs.h"
#include "wire/messages/describe_log_dirs.h"

namespace dataflow::cli {
namespace {

constexpr int8_t kTopicResource = 2;
constexpr int8_t kSetForTopic = 1;

}  // namespace

Result<std::map<std::string, std::vector<TopicSetting>>> topic_settings_of(
    KafkaCluster& cluster, const std::vector<std::string>& topics) {
  std::map<std::string, std::vector<TopicSetting>> out;
  if (topics.empty()) return out;
  wire::DescribeConfigsRequest request;
  for (const std::string& topic : topics) {
    wire::DescribeConfigsRequest::Resource resource;
    resource.resource_type = kTopicResource;
    resource.resource_name = topic;
    resource.configuration_keys.reset();
    request.resources.push_back(std::move(resource));
  }
  DF_ASSIGN_OR_RETURN(wire::DescribeConfigsResponse answer,
                      cluster.call(KafkaCluster::kAnyBroker, request));
  for (const auto& result : answer.results) {
    if (result.error_code != wire::ErrorCode::kNone) continue;
    std::vector<TopicSetting>& settings = out[result.resource_name];
    for (const auto& config : result.configs) {
      settings.push_back(
          {config.name, config.value.value_or(""), config.config_source == kSetForTopic});
    }
    std::sort(settings.begin(), settings.end(),
              [](const TopicSetting& a, const TopicSetting& b) { return a.name < b.name; });
  }
  return out;
}

std::map<OffsetQuestion, int64_t> partition_sizes(KafkaCluster& cluster) {
  std::map<OffsetQuestion, int64_t> out;
  for (const auto& [broker, address] : cluster.facts().brokers) {
    wire::DescribeLogDirsRequest request;
    request.topics.reset();
    auto answer = cluster.call(broker, request);
    if (!answer.ok()) continue;
    for (const auto& dir : answer->results) {
      for (const auto& topic : dir.topics) {
        for (const auto& partition : topic.partitions) {
          int64_t& size = out[{topic.name, partition.partition_index}];
          size = std::max(size, partition.partition_size);
        }
      }
    }
  }
  return out;
}

std::string setting_for_people(const std::string& name, const std::string& value) {
  Result<int64_t> number = parse_int(value);
  if (!number.ok()) return {};
  const bool time = name.ends_with(".ms");
  const bool size = name.ends_with(".bytes");
  if (!time && !size) return {};
  if (*number == -1) return time ? "forever" : "unlimited";
  if (*number < 1000) return {};
  // The largest numbers mean "no limit", and read as such.
  if (*number > INT64_MAX / 2) return "no limit";
  return time ? human_duration(*number) : human_bytes(*number);
}

}  // namespace dataflow::cli
