// A Kafka cluster as the command line sees it: connections by broker, who leads what, and who
// coordinates a group. Works with DataFlow and with any other Kafka broker.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/units.h"
#include "cli/kafka_error.h"
#include "wire/client.h"

namespace dataflow::cli {

struct PartitionPlace {
  int32_t index = 0;
  int32_t leader = -1;
  int32_t leader_epoch = -1;
  size_t replicas = 0;
  size_t in_sync = 0;
  wire::ErrorCode error = wire::ErrorCode::kNone;
};

struct TopicPlace {
  std::string name;
  bool internal = false;
  wire::ErrorCode error = wire::ErrorCode::kNone;
  std::vector<PartitionPlace> partitions;  // in order of index

  const PartitionPlace* find(int32_t partition) const;
};

struct ClusterFacts {
  std::string cluster_id;
  int32_t controller = -1;
  std::map<int32_t, Address> brokers;
};

// Waits between repeated tries, longer each time, until its time is used up or a signal comes.
class Backoff {
 public:
  explicit Backoff(int64_t total_ms);
  // Waits and returns true, or returns false at once when there is no use in another try.
  bool wait();

 private:
  int64_t end_nanos_;
  int64_t next_nanos_ = 20'000'000;
};

class KafkaCluster {
 public:
  // The broker that any request may go to.
  static constexpr int32_t kAnyBroker = -1;

  // Connects, negotiates and reads which brokers there are. Fails as cannot_connect().
  static Result<std::unique_ptr<KafkaCluster>> connect(const Address& bootstrap,
                                                       int64_t timeout_ms);

  const ClusterFacts& facts() const { return facts_; }
  int64_t timeout_ms() const { return timeout_ms_; }
  const Address& bootstrap() const { return bootstrap_; }

  // All topics in order of name.
  Result<std::vector<TopicPlace>> topics();
  // kNotFound, with the nearest name, if there is none; waits until every partition has a leader.
  Result<TopicPlace> topic(const std::string& name);

  // The connection to a broker, made if there is none. Valid until drop().
  Result<wire::Client*> client(int32_t broker);
  // Forgets a connection that failed; the next client() makes a new one.
  void drop(int32_t broker);

  // One request and its answer; a failed connection is dropped. Records of the answer stay valid
  // until the next call to the same broker. `wait_ms`: how long the server may take beyond the
  // timeout.
  template <class Request>
  Result<typename Request::Response> call(int32_t broker, const Request& request,
                                          int64_t wait_ms = 0) {
    DF_ASSIGN_OR_RETURN(wire::Client * to, client(broker));
    auto answer = to->call(request, std::chrono::milliseconds(timeout_ms_ + wait_ms));
    if (!answer.ok() && is_connection_failure(answer.status())) drop(broker);
    return answer;
  }
  template <class Request>
  Result<typename Request::Response> call_controller(const Request& request) {
    return call(facts_.brokers.contains(facts_.controller) ? facts_.controller : kAnyBroker,
                request);
  }

  // The broker that keeps the group; waits until there is one.
  Result<int32_t> coordinator(const std::string& group);

 private:
  KafkaCluster(Address bootstrap, int64_t timeout_ms)
      : bootstrap_(std::move(bootstrap)), timeout_ms_(timeout_ms) {}

  // Refreshes facts_; null asks for all topics.
  Result<std::vector<TopicPlace>> read_metadata(
      const std::optional<std::vector<std::string>>& names);
  Status unknown_topic(const std::string& name);

  Address bootstrap_;
  int64_t timeout_ms_;
  ClusterFacts facts_;
  std::map<int32_t, std::unique_ptr<wire::Client>> clients_;
};

}  // namespace dataflow::cli
