#include "wire/messages/delete_records.h"

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using wire::ErrorCode;
using Question = wire::DeleteRecordsRequest;
using Answer = wire::DeleteRecordsResponse;

constexpr int64_t kToTheEnd = -1;

void delete_from(Broker& broker, const std::string& topic, const Question::Partition& from,
                 Answer::Partition& to) {
  to.partition_index = from.partition_index;
  to.low_watermark = -1;
  auto partition = broker.log.partition(topic, PartitionIndex(from.partition_index));
  auto info = broker.log.topic(topic);
  if (!partition || !info) {
    to.error_code = broker.noted(ErrorCode::kUnknownTopicOrPartition);
  } else if (!info->config.cleanup_delete) {
    to.error_code = broker.noted(ErrorCode::kPolicyViolation);
  } else if (from.offset < kToTheEnd) {
    to.error_code = broker.noted(ErrorCode::kOffsetOutOfRange);
  } else {
    auto start = partition->delete_records(Offset(from.offset));
    if (start.ok()) {
      to.low_watermark = start->value();
    } else {
      to.error_code = broker.noted(start.status());
    }
  }
}

void answer(Broker& broker, const Reply& reply, Question& question) {
  Answer answer;
  for (const auto& topic : question.topics) {
    Answer::Topic& to = answer.topics.emplace_back();
    to.name = topic.name;
    for (const auto& partition : topic.partitions) {
      delete_from(broker, topic.name, partition, to.partitions.emplace_back());
    }
  }
  reply.send(answer);
}

}  // namespace

void handle_delete_records(Request& request) { answer_on_control<Question>(request, answer); }

}  // namespace dataflow::kafka
