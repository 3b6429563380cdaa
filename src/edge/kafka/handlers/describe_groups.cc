#include "wire/messages/describe_groups.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "handlers/handlers.h"
#include "topic_names.h"

namespace dataflow::kafka {

void handle_describe_groups(Request& request) {
  auto question = request.decode<wire::DescribeGroupsRequest>();
  if (!question) return;
  wire::DescribeGroupsResponse answer;
  std::set<std::string_view> named;  // each is answered once
  for (const std::string& name : question->groups) {
    if (!named.insert(name).second) continue;
    log::GroupDescription group = request.broker.groups.describe(name);
    auto& to = answer.groups.emplace_back();
    to.group_id = name;
    to.group_state = log::group_phase_name(group.phase);
    to.protocol_type = std::move(group.protocol_type);
    to.protocol_data = std::move(group.protocol);
    if (question->include_authorized_operations) to.authorized_operations = kAllGroupOperations;
    for (log::MemberDescription& member : group.members) {
      to.members.push_back({std::move(member.member_id), std::move(member.instance_id),
                            std::move(member.client_id), std::move(member.client_host),
                            std::move(member.metadata), std::move(member.assignment)});
    }
  }
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
