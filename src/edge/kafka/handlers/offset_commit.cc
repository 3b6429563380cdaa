#include "wire/messages/offset_commit.h"

#include <utility>
#include <vector>

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using Question = wire::OffsetCommitRequest;
using Answer = wire::OffsetCommitResponse;

// The partition of the answer that an offset of the request to the groups belongs to.
struct Place {
  size_t topic;
  size_t partition;
};

}  // namespace

// Offsets for partitions that do not exist are refused here; the rest goes to the groups.
void handle_offset_commit(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  Broker& broker = request.broker;

  log::OffsetCommitRequest commit;
  commit.origin = {std::move(question->group_id),
                   Generation(question->generation_id_or_member_epoch),
                   std::move(question->member_id), std::move(question->group_instance_id)};
  if (question->retention_time_ms >= 0) commit.retention_ms = question->retention_time_ms;

  Answer answer;
  std::vector<Place> places;
  for (auto& topic : question->topics) {
    Answer::Topic& to = answer.topics.emplace_back();
    to.name = topic.name;
    for (auto& from : topic.partitions) {
      Answer::Partition& part = to.partitions.emplace_back();
      part.partition_index = from.partition_index;
      PartitionIndex index(from.partition_index);
      if (!broker.log.partition(topic.name, index)) {
        part.error_code = broker.noted(wire::ErrorCode::kUnknownTopicOrPartition);
        continue;
      }
      places.push_back({answer.topics.size() - 1, to.partitions.size() - 1});
      commit.offsets.push_back({{topic.name, index},
                                Offset(from.committed_offset),
                                LeaderEpoch(from.committed_leader_epoch),
                                std::move(from.committed_metadata).value_or("")});
    }
  }
  if (places.empty() && !answer.topics.empty()) return request.reply.send(answer);
  broker.groups.commit_offsets(
      std::move(commit),
      [&broker, reply = request.reply, answer = std::move(answer),
       places = std::move(places)](const log::OffsetCommitResult& result) mutable {
        for (size_t i = 0; i < places.size(); ++i) {
          answer.topics[places[i].topic].partitions[places[i].partition].error_code =
              broker.coordinator(result.statuses[i]);
        }
        reply.send(answer);
      });
}

}  // namespace dataflow::kafka
