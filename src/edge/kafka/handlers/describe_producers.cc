#include "wire/messages/describe_producers.h"

#include <set>
#include <string_view>
#include <utility>

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using Question = wire::DescribeProducersRequest;
using Answer = wire::DescribeProducersResponse;

void describe(Broker& broker, const std::string& topic, int32_t index, Answer::Partition& to) {
  to.partition_index = index;
  auto partition = broker.log.partition(topic, PartitionIndex(index));
  if (!partition) {
    to.error_code = broker.noted(wire::ErrorCode::kUnknownTopicOrPartition);
    return;
  }
  for (const log::ProducerView& producer : partition->producers()) {
    Answer::Producer& out = to.active_producers.emplace_back();
    out.producer_id = producer.producer_id.value();
    out.producer_epoch = producer.epoch.value();
    out.last_sequence = producer.last_sequence;
    out.last_timestamp = producer.last_timestamp.value();
    out.coordinator_epoch = producer.coordinator_epoch;
    if (producer.transaction_start)
      out.current_txn_start_offset = producer.transaction_start->value();
  }
}

}  // namespace

void handle_describe_producers(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  Answer answer;
  std::set<std::pair<std::string_view, int32_t>> named;  // each is answered once
  for (const auto& topic : question->topics) {
    Answer::Topic& to = answer.topics.emplace_back();
    to.name = topic.name;
    for (int32_t index : topic.partition_indexes) {
      if (!named.emplace(topic.name, index).second) continue;
      describe(request.broker, topic.name, index, to.partitions.emplace_back());
    }
  }
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
