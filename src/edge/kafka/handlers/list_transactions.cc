#include "wire/messages/list_transactions.h"

#include <string>
#include <utility>

#include "handlers/handlers.h"

namespace dataflow::kafka {

void handle_list_transactions(Request& request) {
  auto question = request.decode<wire::ListTransactionsRequest>();
  if (!question) return;
  log::TransactionFilter filter;
  filter.phases = std::move(question->state_filters);
  for (int64_t id : question->producer_id_filters) filter.producer_ids.push_back(ProducerId(id));
  log::TransactionList list = request.broker.transactions.list(filter);
  wire::ListTransactionsResponse answer;
  answer.unknown_state_filters = std::move(list.unknown_phases);
  for (log::TransactionListing& found : list.transactions) {
    answer.transaction_states.push_back({std::move(found.transactional_id),
                                         found.producer_id.value(),
                                         std::string(log::transaction_phase_name(found.phase))});
  }
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
