#include "wire/messages/create_partitions.h"

#include <map>
#include <string>
#include <vector>

#include "handlers/handlers.h"
#include "log/fault.h"

namespace dataflow::kafka {

namespace {

using log::Fault;
using wire::ErrorCode;
using Question = wire::CreatePartitionsRequest;
using Answer = wire::CreatePartitionsResponse;

// Empty if the new partitions' replicas are left to us or all on this node.
std::string check_assignments(const Broker& broker, const Question::Topic& topic,
                              int32_t existing) {
  if (!topic.assignments) return {};
  if (static_cast<int64_t>(topic.assignments->size()) != int64_t{topic.count} - existing) {
    return "adding partitions to " + topic.name + ": assign replicas to each new partition";
  }
  for (const auto& assignment : *topic.assignments) {
    if (assignment.broker_ids != std::vector<int32_t>{broker.options.node_id}) {
      return "adding partitions to " + topic.name +
             ": every partition has exactly one replica, on node " +
             std::to_string(broker.options.node_id);
    }
  }
  return {};
}

Status add(Broker& broker, const Question::Topic& topic, int32_t existing, bool validate_only) {
  if (topic.count <= existing) {
    return log::fault(Fault::kInvalidPartitions, StatusCode::kInvalid,
                      "topic " + topic.name + " has " + std::to_string(existing) +
                          " partitions already; " + std::to_string(topic.count) + " is not more");
  }
  int32_t most = broker.log.options().max_partitions_per_topic;
  if (topic.count > most) {
    return log::fault(Fault::kInvalidPartitions, StatusCode::kInvalid,
                      "topic " + topic.name + " can have " + std::to_string(most) + " partitions");
  }
  if (validate_only) return {};
  return broker.log.add_partitions(topic.name, topic.count);
}

void answer_topic(Broker& broker, const Question::Topic& topic, bool validate_only,
                  Answer::Topic& to) {
  auto info = broker.log.topic(topic.name);
  if (!info) {
    to.error_code = broker.noted(ErrorCode::kUnknownTopicOrPartition);
    to.error_message = "there is no topic " + topic.name;
    return;
  }
  std::string wrong = check_assignments(broker, topic, info->partitions);
  if (topic.count > info->partitions && !wrong.empty()) {
    to.error_code = broker.noted(ErrorCode::kInvalidReplicaAssignment);
    to.error_message = wrong;
    return;
  }
  Status status = add(broker, topic, info->partitions, validate_only);
  if (status.ok()) return;
  to.error_code = broker.noted(status);
  to.error_message = status.message();
}

void answer(Broker& broker, const Reply& reply, Question& question) {
  std::map<std::string_view, int> times;
  for (const auto& topic : question.topics) ++times[topic.name];
  Answer answer;
  for (const auto& topic : question.topics) {
    int& named = times[topic.name];
    if (named == 0) continue;
    Answer::Topic& to = answer.results.emplace_back();
    to.name = topic.name;
    if (named == 1) {
      answer_topic(broker, topic, question.validate_only, to);
    } else {
      to.error_code = broker.noted(ErrorCode::kInvalidRequest);
      to.error_message = "the request names the topic more than once";
    }
    named = 0;
  }
  reply.send(answer);
}

}  // namespace

void handle_create_partitions(Request& request) { answer_on_control<Question>(request, answer); }

}  // namespace dataflow::kafka
