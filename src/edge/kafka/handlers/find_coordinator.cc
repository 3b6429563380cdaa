#include "wire/messages/find_coordinator.h"

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using wire::ErrorCode;
using Question = wire::FindCoordinatorRequest;
using Answer = wire::FindCoordinatorResponse;

constexpr int8_t kGroup = 0;
constexpr int8_t kTransaction = 1;
constexpr int16_t kFirstWithSeveralKeys = 4;

}  // namespace

// This node coordinates everything.
void handle_find_coordinator(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  Broker& broker = request.broker;
  bool known = question->key_type == kGroup || question->key_type == kTransaction;
  ErrorCode error = broker.noted(known ? ErrorCode::kNone : ErrorCode::kInvalidRequest);
  std::optional<std::string> message;
  if (!known) message = "there are coordinators of groups (0) and of transactions (1) only";
  int32_t node = known ? broker.options.node_id : -1;
  std::string host = known ? broker.advertised_host(request.client) : std::string();
  int32_t port = known ? broker.advertised_port(request.client) : -1;

  Answer answer;
  if (request.version() >= kFirstWithSeveralKeys) {
    for (const std::string& key : question->coordinator_keys) {
      answer.coordinators.push_back({key, node, host, port, error, message});
    }
  } else {
    answer.error_code = error;
    answer.error_message = message;
    answer.node_id = node;
    answer.host = host;
    answer.port = port;
  }
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
