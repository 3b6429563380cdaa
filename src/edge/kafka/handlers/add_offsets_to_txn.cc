#include "wire/messages/add_offsets_to_txn.h"

#include "handlers/handlers.h"
#include "transaction_errors.h"

namespace dataflow::kafka {

void handle_add_offsets_to_txn(Request& request) {
  auto question = request.decode<wire::AddOffsetsToTxnRequest>();
  if (!question) return;
  log::TransactionIdentity identity{question->transactional_id, ProducerId(question->producer_id),
                                    ProducerEpoch(question->producer_epoch)};
  request.broker.transactions.add_group(
      identity, question->group_id,
      [&broker = request.broker, reply = request.reply](const Status& status) {
        wire::AddOffsetsToTxnResponse answer;
        answer.error_code = transaction_error(broker, status, reply.version());
        reply.send(answer);
      });
}

}  // namespace dataflow::kafka
