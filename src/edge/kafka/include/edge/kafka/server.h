// The Kafka listener: connections, requests in order, and the log's answers to them in Kafka's
// protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/env.h"
#include "base/metrics.h"
#include "base/status.h"
#include "log/groups.h"
#include "log/log.h"
#include "log/transactions.h"

namespace dataflow::kafka {

struct KafkaOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 9092;  // 0: a free one

  // What clients are told to connect to. Empty and 0: the address that each client connected to
  // itself, which is right unless something translates addresses in between.
  std::string advertised_host;
  uint16_t advertised_port = 0;

  int32_t node_id = 1;
  std::string cluster_id = "dataflow";

  int64_t max_transaction_timeout_ms = 3'600'000;  // told to who asks; the coordinator's own limit

  bool auto_create_topics = true;
  int32_t default_partitions = 1;

  int io_threads = 0;  // 0: half of the cores, at least 2
  size_t max_request_bytes = 100u << 20;
  // For all requests that are being received or wait; as much again for answers that clients do not
  // take, and for requests that wait for the disk.
  size_t request_memory_bytes = 256u << 20;
  size_t max_in_flight = 64;  // Produce requests of one connection
  size_t max_in_flight_bytes = 64u << 20;
  uint32_t max_fetch_bytes = 55u << 20;
  // What the kernel may hold of the answers on one connection (it takes twice that). A fetch of
  // large pieces costs half of the processor time that it does with a buffer that grows by itself,
  // because what is sent is still in the processor's cache when it arrives. 0: grows by itself.
  int send_buffer_bytes = 200 << 10;
  size_t max_connections = 20000;
  int64_t idle_timeout_ms = 600'000;
};

// The log, groups and transactions must outlive stop(). After it every outstanding wait is void: a
// callback of theirs that comes later finds nobody and does nothing.
class KafkaServer {
 public:
  // Binds, listens and starts the threads. The error of a port that is taken names address and
  // port.
  static Result<std::unique_ptr<KafkaServer>> start(Env& env, log::Log& log, log::Groups& groups,
                                                    log::Transactions& transactions,
                                                    KafkaOptions options, Metrics* registry);
  ~KafkaServer();

  uint16_t port() const;
  // Closes every connection and joins the threads. Requests that are not answered by then never
  // are.
  void stop();

 private:
  class Impl;
  explicit KafkaServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dataflow::kafka
