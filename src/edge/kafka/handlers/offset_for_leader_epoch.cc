#include "wire/messages/offset_for_leader_epoch.h"

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using wire::ErrorCode;
using Question = wire::OffsetForLeaderEpochRequest;
using Answer = wire::OffsetForLeaderEpochResponse;

ErrorCode check_epoch(const log::Partition& partition, int32_t known) {
  if (known < 0) return ErrorCode::kNone;
  int32_t current = partition.leader_epoch().value();
  if (known < current) return ErrorCode::kFencedLeaderEpoch;
  return known > current ? ErrorCode::kUnknownLeaderEpoch : ErrorCode::kNone;
}

void look_up(Broker& broker, const std::string& topic, const Question::Partition& from,
             Answer::Partition& to) {
  to.partition = from.partition;
  auto partition = broker.log.partition(topic, PartitionIndex(from.partition));
  if (!partition) {
    to.error_code = broker.noted(ErrorCode::kUnknownTopicOrPartition);
    return;
  }
  to.error_code = broker.noted(check_epoch(*partition, from.current_leader_epoch));
  if (to.error_code != ErrorCode::kNone || from.leader_epoch < 0) return;
  if (auto end = partition->epoch_end(LeaderEpoch(from.leader_epoch))) {
    to.leader_epoch = end->epoch.value();
    to.end_offset = end->end.value();
  }
}

}  // namespace

void handle_offset_for_leader_epoch(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  Answer answer;
  for (const auto& topic : question->topics) {
    Answer::Topic& to = answer.topics.emplace_back();
    to.topic = topic.topic;
    for (const auto& partition : topic.partitions) {
      look_up(request.broker, topic.topic, partition, to.partitions.emplace_back());
    }
  }
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
