#include "cli/topic_offsets.h"

#include <algorithm>

#include "cli/interrupt.h"
#include "wire/messages/list_offsets.h"

namespace dataflow::cli {
namespace {

using Questions = std::vector<OffsetQuestion>;

// What is still unanswered, by leader.
std::map<int32_t, Questions> by_leader(const std::vector<TopicPlace>& topics,
                                       const OffsetsByPartition& known) {
  std::map<int32_t, Questions> out;
  for (const TopicPlace& topic : topics) {
    for (const PartitionPlace& partition : topic.partitions) {
      OffsetQuestion question{topic.name, partition.index};
      if (partition.leader >= 0 && !known.contains(question))
        out[partition.leader].push_back(question);
    }
  }
  return out;
}

wire::ListOffsetsRequest request_for(const Questions& questions, int64_t timestamp) {
  wire::ListOffsetsRequest request;
  request.replica_id = -1;
  for (const OffsetQuestion& question : questions) {
    if (request.topics.empty() || request.topics.back().name != question.topic) {
      request.topics.push_back({question.topic, {}});
    }
    wire::ListOffsetsRequest::Partition partition;
    partition.partition_index = question.partition;
    partition.timestamp = timestamp;
    request.topics.back().partitions.push_back(partition);
  }
  return request;
}

// The worst retriable failure; a final one is returned as the status.
Status take_answers(const wire::ListOffsetsResponse& answer, OffsetsByPartition& out,
                    Status& again) {
  for (const auto& topic : answer.topics) {
    for (const auto& partition : topic.partitions) {
      if (partition.error_code == wire::ErrorCode::kNone) {
        out[{topic.name, partition.partition_index}] = partition.offset;
        continue;
      }
      Status problem = kafka_error(partition.error_code,
                                   "asking for the offsets of stream \"" + topic.name + "\"");
      if (!is_retriable(partition.error_code)) return problem;
      again = problem;
    }
  }
  return {};
}

Result<std::vector<TopicPlace>> places_again(KafkaCluster& cluster,
                                             const std::vector<TopicPlace>& topics) {
  std::vector<TopicPlace> fresh;
  for (const TopicPlace& topic : topics) {
    DF_ASSIGN_OR_RETURN(TopicPlace place, cluster.topic(topic.name));
    fresh.push_back(std::move(place));
  }
  return fresh;
}

}  // namespace

Result<OffsetsByPartition> list_offsets(KafkaCluster& cluster,
                                        const std::vector<TopicPlace>& topics, int64_t timestamp) {
  OffsetsByPartition out;
  std::vector<TopicPlace> places = topics;
  Backoff backoff(cluster.timeout_ms());
  while (true) {
    Status again;
    for (const auto& [leader, questions] : by_leader(places, out)) {
      auto answer = cluster.call(leader, request_for(questions, timestamp));
      if (answer.ok()) {
        DF_RETURN_IF_ERROR(take_answers(*answer, out, again));
      } else if (is_connection_failure(answer.status())) {
        again = answer.status();
      } else {
        return answer.status();
      }
    }
    if (again.ok()) return out;
    if (!backoff.wait()) {
      DF_RETURN_IF_ERROR(check_interrupt());
      return again;
    }
    DF_ASSIGN_OR_RETURN(places, places_again(cluster, places));
  }
}

Result<std::map<int32_t, OffsetRange>> offset_ranges(KafkaCluster& cluster,
                                                     const TopicPlace& topic) {
  DF_ASSIGN_OR_RETURN(OffsetsByPartition first, list_offsets(cluster, {topic}, kEarliestTimestamp));
  DF_ASSIGN_OR_RETURN(OffsetsByPartition end, list_offsets(cluster, {topic}, kLatestTimestamp));
  std::map<int32_t, OffsetRange> out;
  for (const PartitionPlace& partition : topic.partitions) {
    const OffsetQuestion question{topic.name, partition.index};
    if (!first.contains(question) || !end.contains(question)) {
      return Status::unavailable("partition " + std::to_string(partition.index) + " of stream \"" +
                                 topic.name + "\" has no leader that could be asked");
    }
    out[partition.index] = {first[question], end[question]};
  }
  return out;
}

Result<std::map<int32_t, int64_t>> resolve_start(KafkaCluster& cluster, const TopicPlace& topic,
                                                 const StartPoint& start) {
  using Kind = StartPoint::Kind;
  DF_ASSIGN_OR_RETURN(auto ranges, offset_ranges(cluster, topic));
  OffsetsByPartition at_moment;
  if (start.kind == Kind::kMoment) {
    DF_ASSIGN_OR_RETURN(at_moment, list_offsets(cluster, {topic}, start.value));
  }
  std::map<int32_t, int64_t> out;
  for (const auto& [partition, range] : ranges) {
    int64_t offset = range.first;
    switch (start.kind) {
      case Kind::kEarliest: break;
      case Kind::kLatest: offset = range.end; break;
      case Kind::kOffset: offset = start.value; break;
      case Kind::kBeforeEnd: offset = range.end - start.value; break;
      case Kind::kMoment:
        offset = at_moment[{topic.name, partition}];
        if (offset < 0) offset = range.end;
        break;
    }
    out[partition] = std::clamp(offset, range.first, std::max(range.first, range.end));
  }
  return out;
}

}  // namespace dataflow::cli
