#include "wire/messages/list_offsets.h"

#include <utility>

#include "errors.h"
#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using wire::ErrorCode;
using Question = wire::ListOffsetsRequest;
using Answer = wire::ListOffsetsResponse;

constexpr int64_t kLatest = -1;
constexpr int64_t kEarliest = -2;
constexpr int64_t kMaxTimestamp = -3;
constexpr int16_t kFirstWithMaxTimestamp = 7;
constexpr int16_t kFirstWithStorageError = 4;

// Only a look-up by time may have to read cold data.
bool reads_data(const Question& question) {
  for (const auto& topic : question.topics) {
    for (const auto& partition : topic.partitions) {
      if (partition.timestamp >= 0 || partition.timestamp == kMaxTimestamp) return true;
    }
  }
  return false;
}

ErrorCode check_epoch(const log::Partition& partition, int32_t known) {
  if (known < 0) return ErrorCode::kNone;
  int32_t current = partition.leader_epoch().value();
  if (known < current) return ErrorCode::kFencedLeaderEpoch;
  return known > current ? ErrorCode::kUnknownLeaderEpoch : ErrorCode::kNone;
}

void take(Answer::Partition& to, const Result<std::optional<log::OffsetAtTime>>& found) {
  if (!found.ok()) {
    to.error_code = error_of(found.status());
  } else if (*found) {
    to.timestamp = (*found)->timestamp.value();
    to.offset = (*found)->offset.value();
    to.leader_epoch = (*found)->epoch.value();
  }
}

void look_up(log::Partition& partition, const Question::Partition& from, log::Isolation isolation,
             int16_t version, Answer::Partition& to) {
  to.error_code = check_epoch(partition, from.current_leader_epoch);
  if (to.error_code != ErrorCode::kNone) return;
  if (from.timestamp == kLatest || from.timestamp == kEarliest) {
    bool committed = isolation == log::Isolation::kReadCommitted;
    Offset end = committed ? partition.last_stable() : partition.high_offset();
    to.offset = (from.timestamp == kEarliest ? partition.log_start() : end).value();
    to.leader_epoch = partition.leader_epoch().value();
  } else if (from.timestamp == kMaxTimestamp && version >= kFirstWithMaxTimestamp) {
    take(to, partition.find_max_time());
  } else if (from.timestamp >= 0) {
    take(to, partition.find_by_time(Timestamp(from.timestamp), isolation));
  } else {
    to.error_code = ErrorCode::kUnsupportedVersion;
  }
}

void answer(Broker& broker, const Reply& reply, const Question& question) {
  log::Isolation isolation = question.isolation_level == 1 ? log::Isolation::kReadCommitted
                                                           : log::Isolation::kReadUncommitted;
  Answer answer;
  for (const Question::Topic& topic : question.topics) {
    Answer::Topic& to = answer.topics.emplace_back();
    to.name = topic.name;
    for (const Question::Partition& from : topic.partitions) {
      Answer::Partition& part = to.partitions.emplace_back();
      part.partition_index = from.partition_index;
      auto partition = broker.log.partition(topic.name, PartitionIndex(from.partition_index));
      if (partition) {
        look_up(*partition, from, isolation, reply.version(), part);
      } else {
        part.error_code = ErrorCode::kUnknownTopicOrPartition;
      }
      if (part.error_code == ErrorCode::kNone) continue;
      if (part.error_code == ErrorCode::kKafkaStorageError &&
          reply.version() < kFirstWithStorageError) {
        part.error_code = ErrorCode::kNotLeaderOrFollower;
      }
      broker.metrics.error(part.error_code);
    }
  }
  reply.send(answer);
}

}  // namespace

void handle_list_offsets(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  Broker& broker = request.broker;
  if (!reads_data(*question)) return answer(broker, request.reply, *question);
  run_on_control(request, [&broker, reply = request.reply, question = std::move(*question)] {
    answer(broker, reply, question);
  });
}

}  // namespace dataflow::kafka
