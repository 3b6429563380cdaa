#include "wire/messages/join_group.h"

#include <utility>

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using Question = wire::JoinGroupRequest;
using Answer = wire::JoinGroupResponse;

constexpr int16_t kFirstWithRebalanceTimeout = 1;
constexpr int16_t kFirstWithRequiredMemberId = 4;
constexpr int16_t kFirstWithNullProtocol = 7;
constexpr int16_t kFirstWithSkippedAssignment = 9;

log::JoinRequest to_join(Question&& question, int16_t version) {
  log::JoinRequest join;
  join.group = std::move(question.group_id);
  join.member_id = std::move(question.member_id);
  join.instance_id = std::move(question.group_instance_id);
  join.protocol_type = std::move(question.protocol_type);
  join.session_timeout_ms = question.session_timeout_ms;
  join.rebalance_timeout_ms = version >= kFirstWithRebalanceTimeout ? question.rebalance_timeout_ms
                                                                    : question.session_timeout_ms;
  join.require_member_id = version >= kFirstWithRequiredMemberId;
  join.can_skip_assignment = version >= kFirstWithSkippedAssignment;
  for (auto& protocol : question.protocols) {
    join.protocols.push_back({std::move(protocol.name), std::move(protocol.metadata)});
  }
  return join;
}

void send(Broker& broker, const Reply& reply, log::JoinResult&& result) {
  Answer answer;
  answer.error_code = broker.coordinator(result.status);
  answer.member_id = std::move(result.member_id);
  answer.generation_id = result.generation.value();
  if (result.status.ok()) {
    answer.protocol_type = std::move(result.protocol_type);
    answer.protocol_name = std::move(result.protocol);
  } else if (reply.version() >= kFirstWithNullProtocol) {
    answer.protocol_name.reset();
  }
  answer.leader = std::move(result.leader);
  answer.skip_assignment = result.skip_assignment;
  for (log::JoinedMember& member : result.members) {
    answer.members.push_back(
        {std::move(member.member_id), std::move(member.instance_id), std::move(member.metadata)});
  }
  reply.send(answer);
}

}  // namespace

void handle_join_group(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  log::JoinRequest join = to_join(std::move(*question), request.version());
  join.client_id = request.client_id;
  join.client_host = "/" + request.client.peer_host;
  request.broker.groups.join(
      std::move(join), [&broker = request.broker, reply = request.reply](log::JoinResult result) {
        send(broker, reply, std::move(result));
      });
}

}  // namespace dataflow::kafka
