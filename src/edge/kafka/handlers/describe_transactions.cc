#include "wire/messages/describe_transactions.h"

#include <set>
#include <string>
#include <string_view>

#include "handlers/handlers.h"

namespace dataflow::kafka {

void handle_describe_transactions(Request& request) {
  auto question = request.decode<wire::DescribeTransactionsRequest>();
  if (!question) return;
  wire::DescribeTransactionsResponse answer;
  std::set<std::string_view> named;  // each is answered once
  for (const std::string& id : question->transactional_ids) {
    if (!named.insert(id).second) continue;
    log::TransactionDescription found = request.broker.transactions.describe(id);
    auto& to = answer.transaction_states.emplace_back();
    to.transactional_id = id;
    to.error_code = request.broker.coordinator(found.status);
    if (!found.status.ok()) continue;
    to.transaction_state = log::transaction_phase_name(found.phase);
    to.transaction_timeout_ms = found.timeout_ms;
    to.transaction_start_time_ms = found.started.value();
    to.producer_id = found.producer_id.value();
    to.producer_epoch = found.producer_epoch.value();
    for (const log::TopicPartition& partition : found.partitions) {
      if (to.topics.empty() || to.topics.back().topic != partition.topic) {
        to.topics.emplace_back().topic = partition.topic;
      }
      to.topics.back().partitions.push_back(partition.partition.value());
    }
  }
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
