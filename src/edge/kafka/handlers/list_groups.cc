#include "wire/messages/list_groups.h"

#include <string>

#include "handlers/handlers.h"

namespace dataflow::kafka {

void handle_list_groups(Request& request) {
  auto question = request.decode<wire::ListGroupsRequest>();
  if (!question) return;
  wire::ListGroupsResponse answer;
  for (log::GroupListing& group : request.broker.groups.list(question->states_filter)) {
    answer.groups.push_back(
        {group.group, group.protocol_type, std::string(log::group_phase_name(group.phase))});
  }
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
