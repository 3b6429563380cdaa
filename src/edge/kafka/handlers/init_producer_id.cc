#include "wire/messages/init_producer_id.h"

#include <utility>

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using wire::ErrorCode;

constexpr int16_t kFirstWithProducerFenced = 4;

}  // namespace

void handle_init_producer_id(Request& request) {
  auto question = request.decode<wire::InitProducerIdRequest>();
  if (!question) return;
  // An identity is whole or absent.
  bool half = (question->producer_id == -1) != (question->producer_epoch == -1);
  if (request.version() >= 3 && half) {
    wire::InitProducerIdResponse answer;
    answer.error_code = request.broker.noted(ErrorCode::kInvalidRequest);
    answer.producer_epoch = -1;
    return request.reply.send(answer);
  }
  log::InitProducerRequest init;
  init.transactional_id = std::move(question->transactional_id);
  init.timeout_ms = question->transaction_timeout_ms;
  if (request.version() >= 3) {
    init.producer_id = ProducerId(question->producer_id);
    init.producer_epoch = ProducerEpoch(question->producer_epoch);
  }
  request.broker.transactions.init_producer(init, [&broker = request.broker, reply = request.reply](
                                                      const log::InitProducerResult& result) {
    wire::InitProducerIdResponse answer;
    answer.error_code = broker.coordinator(result.status);
    if (answer.error_code == ErrorCode::kProducerFenced &&
        reply.version() < kFirstWithProducerFenced) {
      answer.error_code = ErrorCode::kInvalidProducerEpoch;
    }
    answer.producer_id = result.producer_id.value();
    answer.producer_epoch = result.producer_epoch.value();
    reply.send(answer);
  });
}

}  // namespace dataflow::kafka
