#include "wire/messages/add_partitions_to_txn.h"

#include <utility>
#include <vector>

#include "handlers/handlers.h"
#include "transaction_errors.h"

namespace dataflow::kafka {

namespace {

using Question = wire::AddPartitionsToTxnRequest;
using Answer = wire::AddPartitionsToTxnResponse;

void send(Broker& broker, const Reply& reply, const Question& question,
          const log::AddPartitionsResult& result) {
  Answer answer;
  size_t next = 0;
  for (const auto& topic : question.v3_and_below_topics) {
    Answer::Topic& to = answer.results_by_topic_v3_and_below.emplace_back();
    to.name = topic.name;
    for (int32_t index : topic.partitions) {
      to.results_by_partition.push_back(
          {index, transaction_error(broker, result.statuses[next++], reply.version())});
    }
  }
  reply.send(answer);
}

}  // namespace

void handle_add_partitions_to_txn(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  log::TransactionIdentity identity{question->v3_and_below_transactional_id,
                                    ProducerId(question->v3_and_below_producer_id),
                                    ProducerEpoch(question->v3_and_below_producer_epoch)};
  std::vector<log::TopicPartition> partitions;
  for (const auto& topic : question->v3_and_below_topics) {
    for (int32_t index : topic.partitions)
      partitions.push_back({topic.name, PartitionIndex(index)});
  }
  request.broker.transactions.add_partitions(
      identity, std::move(partitions),
      [&broker = request.broker, reply = request.reply, question = std::move(*question)](
          const log::AddPartitionsResult& result) { send(broker, reply, question, result); });
}

}  // namespace dataflow::kafka
