#include "cli/kafka_cluster.h"

#include <algorithm>

#include "base/edit_distance.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "wire/messages/find_coordinator.h"
#include "wire/messages/metadata.h"

namespace dataflow::cli {
namespace {

constexpr int64_t kLongestPauseNanos = 1'000'000'000;
constexpr const char* kClientId = "dataflow-cli";

TopicPlace place_of(const wire::MetadataResponse::Topic& topic) {
  TopicPlace place;
  place.name = topic.name;
  place.internal = topic.is_internal;
  place.error = topic.error_code;
  for (const auto& partition : topic.partitions) {
    place.partitions.push_back({partition.partition_index, partition.leader_id,
                                partition.leader_epoch, partition.replica_nodes.size(),
                                partition.isr_nodes.size(), partition.error_code});
  }
  std::sort(place.partitions.begin(), place.partitions.end(),
            [](const PartitionPlace& a, const PartitionPlace& b) { return a.index < b.index; });
  return place;
}

bool every_partition_led(const TopicPlace& topic) {
  return !topic.partitions.empty() &&
         std::all_of(topic.partitions.begin(), topic.partitions.end(),
                     [](const PartitionPlace& p) { return p.leader >= 0; });
}

}  // namespace

const PartitionPlace* TopicPlace::find(int32_t partition) const {
  for (const PartitionPlace& place : partitions) {
    if (place.index == partition) return &place;
  }
  return nullptr;
}

Backoff::Backoff(int64_t total_ms)
    : end_nanos_(posix_env().monotonic_nanos() + total_ms * 1'000'000) {}

bool Backoff::wait() {
  if (interrupted() || posix_env().monotonic_nanos() + next_nanos_ > end_nanos_) return false;
  pause_for(next_nanos_);
  next_nanos_ = std::min(next_nanos_ * 2, kLongestPauseNanos);
  return !interrupted();
}

Result<std::unique_ptr<KafkaCluster>> KafkaCluster::connect(const Address& bootstrap,
                                                            int64_t timeout_ms) {
  std::unique_ptr<KafkaCluster> cluster(new KafkaCluster(bootstrap, timeout_ms));
  auto topics = cluster->read_metadata(std::vector<std::string>());
  if (!topics.ok()) {
    return cannot_connect("cannot talk to a Kafka broker at " + bootstrap.to_string() + ": " +
                          topics.status().message() +
                          "\n  is the server running?  dataflow doctor");
  }
  return cluster;
}

Result<wire::Client*> KafkaCluster::client(int32_t broker) {
  auto found = clients_.find(broker);
  if (found != clients_.end()) return found->second.get();
  Address address = bootstrap_;
  if (broker != kAnyBroker) {
    auto known = facts_.brokers.find(broker);
    if (known == facts_.brokers.end()) {
      return Status::unavailable("broker " + std::to_string(broker) + " is not there");
    }
    address = known->second;
  }
  wire::ClientOptions options;
  options.client_id = kClientId;
  const std::chrono::milliseconds timeout(timeout_ms_);
  DF_ASSIGN_OR_RETURN(std::unique_ptr<wire::Client> made,
                      wire::Client::connect(address.host, address.port, timeout, options));
  DF_RETURN_IF_ERROR(made->negotiate(timeout));
  return (clients_[broker] = std::move(made)).get();
}

void KafkaCluster::drop(int32_t broker) { clients_.erase(broker); }

Result<std::vector<TopicPlace>> KafkaCluster::read_metadata(
    const std::optional<std::vector<std::string>>& names) {
  wire::MetadataRequest request;
  request.allow_auto_topic_creation = false;
  if (names) {
    request.topics.emplace();
    for (const std::string& name : *names) request.topics->push_back({name});
  } else {
    request.topics.reset();
  }
  DF_ASSIGN_OR_RETURN(wire::MetadataResponse answer, call(kAnyBroker, request));
  facts_.cluster_id = answer.cluster_id.value_or("");
  facts_.controller = answer.controller_id;
  facts_.brokers.clear();
  for (const auto& broker : answer.brokers) {
    facts_.brokers[broker.node_id] = Address{broker.host, static_cast<uint16_t>(broker.port)};
  }
  std::vector<TopicPlace> topics;
  for (const auto& topic : answer.topics) topics.push_back(place_of(topic));
  std::sort(topics.begin(), topics.end(),
            [](const TopicPlace& a, const TopicPlace& b) { return a.name < b.name; });
  return topics;
}

Result<std::vector<TopicPlace>> KafkaCluster::topics() { return read_metadata(std::nullopt); }

Status KafkaCluster::unknown_topic(const std::string& name) {
  std::vector<std::string> names;
  Result<std::vector<TopicPlace>> all = topics();
  if (all.ok()) {
    for (const TopicPlace& topic : *all) names.push_back(topic.name);
  }
  return Status::not_found("there is no stream \"" + name + "\"" + suggestion(name, names) +
                           "\n  see what there is:  dataflow stream list"
                           "\n  create it:          dataflow stream create " +
                           name);
}

Result<TopicPlace> KafkaCluster::topic(const std::string& name) {
  using E = wire::ErrorCode;
  Backoff backoff(timeout_ms_);
  while (true) {
    Result<std::vector<TopicPlace>> found = read_metadata(std::vector<std::string>{name});
    Status problem = found.status();
    if (found.ok() && found->size() == 1) {
      TopicPlace& topic = found->front();
      if (topic.error == E::kUnknownTopicOrPartition) return unknown_topic(name);
      if (topic.error == E::kNone && every_partition_led(topic)) return topic;
      problem =
          topic.error == E::kNone
              ? Status::unavailable("stream \"" + name + "\" has a partition without a leader")
              : kafka_error(topic.error, "looking for stream \"" + name + "\"");
      if (topic.error != E::kNone && !is_retriable(topic.error)) return problem;
    } else if (found.ok()) {
      problem = Status::internal("the server did not answer for stream \"" + name + "\"");
    } else if (!is_connection_failure(problem)) {
      return problem;
    }
    if (!backoff.wait()) {
      DF_RETURN_IF_ERROR(check_interrupt());
      return problem;
    }
  }
}

Result<int32_t> KafkaCluster::coordinator(const std::string& group) {
  const std::string doing = "looking for the coordinator of group \"" + group + "\"";
  Backoff backoff(timeout_ms_);
  while (true) {
    wire::FindCoordinatorRequest request;
    request.key = group;
    request.key_type = 0;
    request.coordinator_keys = {group};
    Result<wire::FindCoordinatorResponse> answer = call(kAnyBroker, request);
    Status problem = answer.status();
    if (answer.ok()) {
      wire::ErrorCode error = answer->error_code;
      int32_t node = answer->node_id;
      std::string host = answer->host;
      int32_t port = answer->port;
      std::optional<std::string> words = answer->error_message;
      if (!answer->coordinators.empty()) {
        const auto& found = answer->coordinators.front();
        error = found.error_code;
        node = found.node_id;
        host = found.host;
        port = found.port;
        words = found.error_message;
      }
      if (error == wire::ErrorCode::kNone) {
        facts_.brokers.try_emplace(node, Address{host, static_cast<uint16_t>(port)});
        return node;
      }
      problem = kafka_error(error, doing, words);
      if (!is_retriable(error)) return problem;
    } else if (!is_connection_failure(problem)) {
      return problem;
    }
    if (!backoff.wait()) {
      DF_RETURN_IF_ERROR(check_interrupt());
      return problem;
    }
  }
}

}  // namespace dataflow::cli
