#include "wire/messages/create_topics.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "errors.h"
#include "handlers/handlers.h"
#include "log/fault.h"
#include "topic_config_view.h"

namespace dataflow::kafka {

namespace {

using log::Fault;
using wire::ErrorCode;
using Question = wire::CreateTopicsRequest;
using Answer = wire::CreateTopicsResponse;

// For partitions and replication factor. Only clients ask for version 4 to send it; brokers take it
// in every version, and some clients send nothing else.
constexpr int32_t kServerDefault = -1;

Status invalid(Fault fault, const std::string& topic, std::string_view what) {
  return log::fault(fault, StatusCode::kInvalid,
                    "creating topic " + topic + ": " + std::string(what));
}

// What is wrong with replicas that were assigned by hand: each must be this one node, for
// partitions 0, 1, 2 and so on. Empty if nothing is.
std::string check_assignments(const Broker& broker, const Question::Topic& topic) {
  std::set<int32_t> indexes;
  for (const auto& assignment : topic.assignments) {
    if (assignment.broker_ids != std::vector<int32_t>{broker.options.node_id}) {
      return "every partition has exactly one replica, on node " +
             std::to_string(broker.options.node_id);
    }
    indexes.insert(assignment.partition_index);
  }
  if (indexes.size() != topic.assignments.size() || *indexes.begin() != 0 ||
      *indexes.rbegin() != static_cast<int32_t>(indexes.size()) - 1) {
    return "the assigned partitions must be 0, 1, 2 and so on, each once";
  }
  return {};
}

Result<int32_t> wanted_partitions(const Broker& broker, const Question::Topic& topic) {
  if (!topic.assignments.empty()) {
    if (topic.num_partitions == kServerDefault && topic.replication_factor == kServerDefault) {
      return static_cast<int32_t>(topic.assignments.size());
    }
    return Status::invalid("creating topic " + topic.name +
                           ": assigned replicas exclude a number of partitions or of replicas");
  }
  if (topic.replication_factor != 1 && topic.replication_factor != kServerDefault) {
    return invalid(Fault::kInvalidReplication, topic.name,
                   "the replication factor must be 1 (or -1 for the default): this is one node");
  }
  if (topic.num_partitions == kServerDefault) return broker.options.default_partitions;
  if (topic.num_partitions < 1) {
    return invalid(Fault::kInvalidPartitions, topic.name, "it needs at least one partition");
  }
  return topic.num_partitions;
}

Result<log::ConfigOverrides> wanted_configs(const Question::Topic& topic) {
  log::ConfigOverrides overrides;
  for (const auto& config : topic.configs) {
    if (!config.value) {
      return invalid(Fault::kInvalidConfig, topic.name, "the value of " + config.name + " is null");
    }
    overrides[config.name] = *config.value;
  }
  return overrides;
}

void describe_configs(Broker& broker, const log::TopicConfig& config,
                      const log::ConfigOverrides& overrides, Answer::Topic& to) {
  to.configs.emplace();
  for (const TopicConfigEntry& entry : topic_config_entries(broker, config, overrides)) {
    to.configs->push_back(
        {std::string(entry.name), entry.value, false, static_cast<int8_t>(entry.source), false});
  }
}

Status create(Broker& broker, const Question::Topic& topic, bool validate_only, Answer::Topic& to) {
  DF_ASSIGN_OR_RETURN(int32_t partitions, wanted_partitions(broker, topic));
  DF_ASSIGN_OR_RETURN(log::ConfigOverrides overrides, wanted_configs(topic));
  DF_RETURN_IF_ERROR(broker.log.check_new_topic(topic.name, partitions, overrides));
  DF_ASSIGN_OR_RETURN(log::TopicConfig config,
                      log::make_topic_config(broker.log.options().defaults, overrides));
  if (!validate_only) {
    DF_ASSIGN_OR_RETURN(log::TopicInfo made,
                        broker.log.create_topic(topic.name, partitions, overrides));
    to.topic_id = made.id;
  }
  to.error_message.reset();
  to.num_partitions = partitions;
  to.replication_factor = 1;
  describe_configs(broker, config, overrides, to);
  return {};
}

void answer(Broker& broker, const Reply& reply, Question& question) {
  std::map<std::string_view, int> times;
  for (const auto& topic : question.topics) ++times[topic.name];
  Answer answer;
  for (const auto& topic : question.topics) {
    if (times[topic.name] == 0) continue;  // a repeated name has been refused, once
    Answer::Topic& to = answer.topics.emplace_back();
    to.name = topic.name;
    std::string wrong;
    if (!topic.assignments.empty()) wrong = check_assignments(broker, topic);
    Status status;
    if (times[topic.name] > 1) {
      times[topic.name] = 0;
      status = Status::invalid("creating topic " + topic.name + ": the request names it twice");
    } else if (!wrong.empty()) {
      status = Status::invalid("creating topic " + topic.name + ": " + wrong);
    } else {
      status = create(broker, topic, question.validate_only, to);
    }
    if (status.ok()) continue;
    to.error_code = wrong.empty() ? error_of(status) : ErrorCode::kInvalidReplicaAssignment;
    to.error_message = status.message();
    broker.metrics.error(to.error_code);
  }
  reply.send(answer);
}

}  // namespace

void handle_create_topics(Request& request) { answer_on_control<Question>(request, answer); }

}  // namespace dataflow::kafka
