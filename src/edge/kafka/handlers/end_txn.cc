#include "wire/messages/end_txn.h"

#include "handlers/handlers.h"
#include "transaction_errors.h"

namespace dataflow::kafka {

void handle_end_txn(Request& request) {
  auto question = request.decode<wire::EndTxnRequest>();
  if (!question) return;
  log::TransactionIdentity identity{question->transactional_id, ProducerId(question->producer_id),
                                    ProducerEpoch(question->producer_epoch)};
  request.broker.transactions.end(
      identity, question->committed,
      [&broker = request.broker, reply = request.reply](const Status& status) {
        wire::EndTxnResponse answer;
        answer.error_code = transaction_error(broker, status, reply.version());
        reply.send(answer);
      });
}

}  // namespace dataflow::kafka
