#include "topic_names.h"

#include <vector>

#include "base/edit_distance.h"

namespace dataflow::connect {

Status no_such_topic(const log::Log& log, const std::string& name) {
  std::vector<std::string> names;
  for (const log::TopicInfo& topic : log.topics()) names.push_back(topic.name);
  return Status::not_found("there is no topic `" + name + "`" + suggestion(name, names));
}

std::string partition_words(const std::string& topic, PartitionIndex partition) {
  return topic + "-" + std::to_string(partition.value());
}

}  // namespace dataflow::connect
