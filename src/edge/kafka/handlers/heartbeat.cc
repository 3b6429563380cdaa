#include "wire/messages/heartbeat.h"

#include <utility>

#include "handlers/handlers.h"

namespace dataflow::kafka {

void handle_heartbeat(Request& request) {
  auto question = request.decode<wire::HeartbeatRequest>();
  if (!question) return;
  log::HeartbeatRequest beat;
  beat.group = std::move(question->group_id);
  beat.member_id = std::move(question->member_id);
  beat.instance_id = std::move(question->group_instance_id);
  beat.generation = Generation(question->generation_id);
  wire::HeartbeatResponse answer;
  answer.error_code = request.broker.coordinator(request.broker.groups.heartbeat(beat));
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
