#include "wire/messages/describe_log_dirs.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using Question = wire::DescribeLogDirsRequest;
using Answer = wire::DescribeLogDirsResponse;

void add_partition(Broker& broker, const std::string& topic, int32_t index, Answer::Topic& to) {
  auto partition = broker.log.partition(topic, PartitionIndex(index));
  if (!partition) return;
  to.partitions.push_back({index, static_cast<int64_t>(partition->stats().bytes), 0, false});
}

void add_topic(Broker& broker, const std::string& name, const std::set<int32_t>& indexes,
               Answer::LogDir& to) {
  Answer::Topic topic;
  topic.name = name;
  for (int32_t index : indexes) add_partition(broker, name, index, topic);
  if (!topic.partitions.empty()) to.topics.push_back(std::move(topic));
}

}  // namespace

// Partitions that do not exist are left out, as Kafka does.
void handle_describe_log_dirs(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  Broker& broker = request.broker;
  Answer answer;
  Answer::LogDir& dir = answer.results.emplace_back();
  dir.log_dir = broker.log.options().dir;
  if (question->topics) {
    std::map<std::string_view, std::set<int32_t>> asked;
    for (const auto& topic : *question->topics) {
      asked[topic.topic].insert(topic.partitions.begin(), topic.partitions.end());
    }
    for (const auto& [topic, indexes] : asked) add_topic(broker, std::string(topic), indexes, dir);
  } else {
    for (const log::TopicInfo& info : broker.log.topics()) {
      std::set<int32_t> indexes;
      for (int32_t i = 0; i < info.partitions; ++i) indexes.insert(i);
      add_topic(broker, info.name, indexes, dir);
    }
  }
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
