// What all connections and handlers share.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "base/worker.h"
#include "edge/kafka/server.h"
#include "errors.h"
#include "request.h"
#include "request_memory.h"
#include "request_metrics.h"

namespace dataflow::kafka {

struct Broker {
  Broker(Env& env, log::Log& log, log::Groups& groups, log::Transactions& transactions,
         KafkaOptions options, Metrics* registry);

  // What `client` is told to connect to.
  std::string advertised_host(const ClientAddress& client) const {
    return options.advertised_host.empty() ? client.local_host : options.advertised_host;
  }
  int32_t advertised_port(const ClientAddress& client) const {
    return options.advertised_port == 0 ? client.local_port : options.advertised_port;
  }

  // The code for an answer; anything but success is counted.
  wire::ErrorCode noted(wire::ErrorCode code) {
    if (code != wire::ErrorCode::kNone) metrics.error(code);
    return code;
  }
  wire::ErrorCode noted(const Status& status) { return noted(error_of(status)); }
  wire::ErrorCode coordinator(const Status& status) { return noted(coordinator_error_of(status)); }

  Env& env;
  log::Log& log;
  log::Groups& groups;
  log::Transactions& transactions;
  const KafkaOptions options;
  RequestMemory memory;  // requests that are being received or wait for their turn
  RequestMemory unsent;  // answers that clients do not take
  RequestMemory queued;  // requests, decoded, that wait for `control`
  RequestMetrics metrics;
  Worker control;  // for whatever waits for the disk
};

}  // namespace dataflow::kafka
