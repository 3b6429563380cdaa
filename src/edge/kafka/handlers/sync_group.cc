#include "wire/messages/sync_group.h"

#include <utility>

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using Question = wire::SyncGroupRequest;
using Answer = wire::SyncGroupResponse;

constexpr int16_t kFirstWithProtocol = 5;

void send(Broker& broker, const Reply& reply, log::SyncResult&& result) {
  Answer answer;
  answer.error_code = broker.coordinator(result.status);
  if (result.status.ok()) {
    answer.protocol_type = std::move(result.protocol_type);
    answer.protocol_name = std::move(result.protocol);
    answer.assignment = std::move(result.assignment);
  }
  reply.send(answer);
}

}  // namespace

void handle_sync_group(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  // From here on a member must say which protocol it syncs with (KIP-559).
  if (request.version() >= kFirstWithProtocol &&
      (!question->protocol_type || !question->protocol_name)) {
    Answer answer;
    answer.error_code = request.broker.noted(wire::ErrorCode::kInconsistentGroupProtocol);
    return request.reply.send(answer);
  }
  log::SyncRequest sync;
  sync.group = std::move(question->group_id);
  sync.member_id = std::move(question->member_id);
  sync.instance_id = std::move(question->group_instance_id);
  sync.generation = Generation(question->generation_id);
  sync.protocol_type = std::move(question->protocol_type);
  sync.protocol = std::move(question->protocol_name);
  for (auto& assignment : question->assignments) {
    sync.assignments.push_back({std::move(assignment.member_id), std::move(assignment.assignment)});
  }
  request.broker.groups.sync(
      std::move(sync), [&broker = request.broker, reply = request.reply](log::SyncResult result) {
        send(broker, reply, std::move(result));
      });
}

}  // namespace dataflow::kafka
