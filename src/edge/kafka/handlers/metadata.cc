#include "wire/messages/metadata.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "errors.h"
#include "handlers/handlers.h"
#include "log/fault.h"
#include "topic_names.h"

namespace dataflow::kafka {

namespace {

using wire::ErrorCode;
using Question = wire::MetadataRequest;
using Answer = wire::MetadataResponse;

constexpr int16_t kFirstWithAutoCreationFlag = 4;

void describe(Broker& broker, const log::TopicInfo& info, bool operations, Answer::Topic& to) {
  int32_t node = broker.options.node_id;
  to.name = info.name;
  to.is_internal = is_internal_topic(info.name);
  if (operations) to.topic_authorized_operations = kAllTopicOperations;
  to.partitions.resize(static_cast<size_t>(info.partitions));
  for (int32_t i = 0; i < info.partitions; ++i) {
    Answer::Partition& part = to.partitions[static_cast<size_t>(i)];
    part.partition_index = i;
    part.leader_id = node;
    part.replica_nodes = {node};
    part.isr_nodes = {node};
    if (auto partition = broker.log.partition(info.name, PartitionIndex(i))) {
      part.leader_epoch = partition->leader_epoch().value();
    }
  }
}

// A topic that is not there: made, if that is asked for and allowed, before the answer tells of it.
Status create(Broker& broker, const std::string& name) {
  auto made = broker.log.create_topic(name, broker.options.default_partitions, {});
  if (made.ok() || made.status().code() == StatusCode::kAlreadyExists) return {};
  return made.status();
}

ErrorCode why_missing(Broker& broker, const std::string& name) {
  Status status = broker.log.check_new_topic(name, 1, {});
  if (log::fault_of(status) == log::Fault::kInvalidTopicName)
    return ErrorCode::kInvalidTopicException;
  return ErrorCode::kUnknownTopicOrPartition;
}

void describe_named(Broker& broker, const std::string& name, bool may_create, bool operations,
                    Answer::Topic& to) {
  to.name = name;
  auto info = broker.log.topic(name);
  if (!info && may_create) {
    Status status = create(broker, name);
    if (!status.ok()) {
      to.error_code = error_of(status);
      broker.metrics.error(to.error_code);
      return;
    }
    info = broker.log.topic(name);
  }
  if (info) return describe(broker, *info, operations, to);
  to.error_code = why_missing(broker, name);
  broker.metrics.error(to.error_code);
}

void fill_cluster(Broker& broker, const ClientAddress& client, bool operations, Answer& answer) {
  answer.brokers.push_back(
      {broker.options.node_id, broker.advertised_host(client), broker.advertised_port(client), {}});
  answer.cluster_id = broker.options.cluster_id;
  answer.controller_id = broker.options.node_id;
  if (operations) answer.cluster_authorized_operations = kAllClusterOperations;
}

void answer(Broker& broker, const Reply& reply, const Question& question, bool may_create,
            Answer answer) {
  bool operations = question.include_topic_authorized_operations;
  bool all = !question.topics || (reply.version() == 0 && question.topics->empty());
  if (all) {
    std::vector<log::TopicInfo> topics = broker.log.topics();
    answer.topics.resize(topics.size());
    for (size_t i = 0; i < topics.size(); ++i) {
      describe(broker, topics[i], operations, answer.topics[i]);
    }
  } else {
    // A name is answered once, however often it is named: answers are far larger than questions.
    std::set<std::string_view> named;
    for (const Question::Topic& topic : *question.topics) {
      if (!named.insert(topic.name).second) continue;
      describe_named(broker, topic.name, may_create, operations, answer.topics.emplace_back());
    }
  }
  reply.send(answer);
}

bool names_a_missing_topic(Broker& broker, const Question& question) {
  if (!question.topics) return false;
  for (const Question::Topic& topic : *question.topics) {
    if (!broker.log.topic(topic.name)) return true;
  }
  return false;
}

}  // namespace

void handle_metadata(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  Broker& broker = request.broker;
  bool may_create =
      broker.options.auto_create_topics &&
      (request.version() < kFirstWithAutoCreationFlag || question->allow_auto_topic_creation);
  Answer begun;
  fill_cluster(broker, request.client, question->include_cluster_authorized_operations, begun);
  if (!may_create || !names_a_missing_topic(broker, *question)) {
    return answer(broker, request.reply, *question, false, std::move(begun));
  }
  run_on_control(request, [&broker, reply = request.reply, question = std::move(*question),
                           begun = std::move(begun)]() mutable {
    answer(broker, reply, question, true, std::move(begun));
  });
}

}  // namespace dataflow::kafka
