#include "wire/messages/describe_cluster.h"

#include "handlers/handlers.h"
#include "topic_names.h"

namespace dataflow::kafka {

void handle_describe_cluster(Request& request) {
  auto question = request.decode<wire::DescribeClusterRequest>();
  if (!question) return;
  Broker& broker = request.broker;
  wire::DescribeClusterResponse answer;
  constexpr int8_t kBrokers = 1;  // the other one, 2, asks for KRaft's controllers
  if (question->endpoint_type != kBrokers) {
    answer.error_code = question->endpoint_type == 2 ? wire::ErrorCode::kMismatchedEndpointType
                                                     : wire::ErrorCode::kUnsupportedEndpointType;
    answer.error_message = "This listener is for clients; ask for endpoint type 1, the brokers";
    return request.reply.send(answer);
  }
  answer.cluster_id = broker.options.cluster_id;
  answer.controller_id = broker.options.node_id;
  answer.brokers.push_back({broker.options.node_id,
                            broker.advertised_host(request.client),
                            broker.advertised_port(request.client),
                            {}});
  if (question->include_cluster_authorized_operations) {
    answer.cluster_authorized_operations = kAllClusterOperations;
  }
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
