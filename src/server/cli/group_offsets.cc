#include "cli/group_offsets.h"

#include "cli/interrupt.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/offset_fetch.h"

namespace dataflow::cli {
namespace {

wire::OffsetFetchRequest request_for(const std::string& group,
                                     const std::optional<PartitionsByTopic>& partitions,
                                     bool stable) {
  wire::OffsetFetchRequest request;
  request.group_id = group;
  request.require_stable = stable;
  request.groups.resize(1);
  request.groups[0].group_id = group;
  request.topics.reset();
  request.groups[0].topics.reset();
  if (!partitions) return request;
  request.topics.emplace();
  request.groups[0].topics.emplace();
  for (const auto& [topic, indexes] : *partitions) {
    request.topics->push_back({topic, indexes});
    request.groups[0].topics->push_back({topic, indexes});
  }
  return request;
}

template <class Topics>
wire::ErrorCode take_topics(const Topics& topics, OffsetsByPartition& out) {
  wire::ErrorCode worst = wire::ErrorCode::kNone;
  for (const auto& topic : topics) {
    for (const auto& partition : topic.partitions) {
      if (partition.error_code != wire::ErrorCode::kNone) worst = partition.error_code;
      if (partition.error_code == wire::ErrorCode::kNone && partition.committed_offset >= 0) {
        out[{topic.name, partition.partition_index}] = partition.committed_offset;
      }
    }
  }
  return worst;
}

// The version decides which of the two forms the answer has.
wire::ErrorCode take_answer(const wire::OffsetFetchResponse& answer, OffsetsByPartition& out) {
  if (answer.groups.empty()) {
    const wire::ErrorCode worst = take_topics(answer.topics, out);
    return answer.error_code != wire::ErrorCode::kNone ? answer.error_code : worst;
  }
  const auto& group = answer.groups.front();
  const wire::ErrorCode worst = take_topics(group.topics, out);
  return group.error_code != wire::ErrorCode::kNone ? group.error_code : worst;
}

}  // namespace

Result<OffsetsByPartition> fetch_group_offsets(KafkaCluster& cluster, const std::string& group,
                                               const std::optional<PartitionsByTopic>& partitions,
                                               bool stable) {
  const std::string doing = "reading the offsets of group \"" + group + "\"";
  Backoff backoff(cluster.timeout_ms());
  while (true) {
    DF_ASSIGN_OR_RETURN(int32_t coordinator, cluster.coordinator(group));
    auto answer = cluster.call(coordinator, request_for(group, partitions, stable));
    Status problem = answer.status();
    if (answer.ok()) {
      OffsetsByPartition out;
      const wire::ErrorCode error = take_answer(*answer, out);
      // A group that is not there has committed nothing.
      if (error == wire::ErrorCode::kNone || error == wire::ErrorCode::kGroupIdNotFound) return out;
      problem = kafka_error(error, doing);
      if (!is_retriable(error)) return problem;
    } else if (!is_connection_failure(problem)) {
      return problem;
    }
    if (!backoff.wait()) {
      DF_RETURN_IF_ERROR(check_interrupt());
      return problem;
    }
  }
}

Result<wire::ErrorCode> commit_group_offsets(KafkaCluster& cluster, int32_t coordinator,
                                             const std::string& group, const Committer& committer,
                                             const OffsetsByPartition& offsets) {
  wire::OffsetCommitRequest request;
  request.group_id = group;
  request.member_id = committer.member_id;
  request.generation_id_or_member_epoch = committer.generation;
  for (const auto& [place, offset] : offsets) {
    if (request.topics.empty() || request.topics.back().name != place.topic) {
      request.topics.push_back({place.topic, {}});
    }
    wire::OffsetCommitRequest::Partition partition;
    partition.partition_index = place.partition;
    partition.committed_offset = offset;
    partition.committed_metadata = "";
    request.topics.back().partitions.push_back(std::move(partition));
  }
  DF_ASSIGN_OR_RETURN(wire::OffsetCommitResponse answer, cluster.call(coordinator, request));
  for (const auto& topic : answer.topics) {
    for (const auto& partition : topic.partitions) {
      if (partition.error_code != wire::ErrorCode::kNone) return partition.error_code;
    }
  }
  return wire::ErrorCode::kNone;
}

}  // namespace dataflow::cli
