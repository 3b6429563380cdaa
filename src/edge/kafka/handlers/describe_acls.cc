#include "wire/messages/describe_acls.h"

#include "handlers/handlers.h"

namespace dataflow::kafka {

// Nothing is restricted yet, so there are no rules to list.
void handle_describe_acls(Request& request) {
  auto question = request.decode<wire::DescribeAclsRequest>();
  if (!question) return;
  wire::DescribeAclsResponse answer;
  answer.error_message.reset();
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
