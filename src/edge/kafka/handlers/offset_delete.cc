#include "wire/messages/offset_delete.h"

#include <utility>
#include <vector>

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using Question = wire::OffsetDeleteRequest;
using Answer = wire::OffsetDeleteResponse;

void send(Broker& broker, const Reply& reply, const Question& question,
          const log::OffsetDeleteResult& result) {
  Answer answer;
  answer.error_code = broker.coordinator(result.status);
  if (result.status.ok()) {
    size_t next = 0;
    for (const auto& topic : question.topics) {
      Answer::Topic& to = answer.topics.emplace_back();
      to.name = topic.name;
      for (const auto& partition : topic.partitions) {
        bool known =
            broker.log.partition(topic.name, PartitionIndex(partition.partition_index)) != nullptr;
        Status status = result.statuses[next++];
        to.partitions.push_back({partition.partition_index,
                                 known ? broker.coordinator(status)
                                       : broker.noted(wire::ErrorCode::kUnknownTopicOrPartition)});
      }
    }
  }
  reply.send(answer);
}

}  // namespace

void handle_offset_delete(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  std::vector<log::TopicPartition> partitions;
  for (const auto& topic : question->topics) {
    for (const auto& partition : topic.partitions) {
      partitions.push_back({topic.name, PartitionIndex(partition.partition_index)});
    }
  }
  std::string group = question->group_id;
  request.broker.groups.delete_offsets(
      group, partitions,
      [&broker = request.broker, reply = request.reply, question = std::move(*question)](
          const log::OffsetDeleteResult& result) { send(broker, reply, question, result); });
}

}  // namespace dataflow::kafka
