#include "wire/messages/leave_group.h"

#include <utility>

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using Question = wire::LeaveGroupRequest;
using Answer = wire::LeaveGroupResponse;

constexpr int16_t kFirstWithMembers = 3;

void send(Broker& broker, const Reply& reply, const std::vector<log::LeavingMember>& members,
          const log::LeaveResult& result) {
  Answer answer;
  answer.error_code = broker.coordinator(result.status);
  for (size_t i = 0; i < result.member_statuses.size(); ++i) {
    wire::ErrorCode error = broker.coordinator(result.member_statuses[i]);
    // The old form has one member, whose error is the answer's.
    if (reply.version() < kFirstWithMembers) {
      if (answer.error_code == wire::ErrorCode::kNone) answer.error_code = error;
    } else {
      answer.members.push_back({members[i].member_id, members[i].instance_id, error});
    }
  }
  reply.send(answer);
}

}  // namespace

void handle_leave_group(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  log::LeaveRequest leave;
  leave.group = std::move(question->group_id);
  if (request.version() < kFirstWithMembers) {
    leave.members.push_back({std::move(question->member_id), {}});
  } else {
    for (auto& member : question->members) {
      leave.members.push_back({std::move(member.member_id), std::move(member.group_instance_id)});
    }
  }
  request.broker.groups.leave(
      leave, [&broker = request.broker, reply = request.reply, members = leave.members](
                 const log::LeaveResult& result) { send(broker, reply, members, result); });
}

}  // namespace dataflow::kafka
