// Which server a command talks to.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "base/units.h"

namespace dataflow::cli {

struct EndpointFlags {
  std::string server;   // --server
  std::string kafka;    // --kafka
  std::string profile;  // --profile
};

// The HTTP address and where it comes from: --server, DATAFLOW_ENDPOINT, the profile, the emulator
// if one runs, 127.0.0.1:8080.
struct HttpEndpoint {
  Address address;
  std::string origin;
};
Result<HttpEndpoint> find_http_endpoint(const EndpointFlags& flags);
// Why nothing came from there, and what to do about it.
Status no_answer(const HttpEndpoint& http, const Status& why);

// The Kafka address: --kafka, or what the HTTP server of --server tells; then DATAFLOW_KAFKA, or
// what the HTTP server of find_http_endpoint() tells, unless the profile or KAFKA_BROKER names it.
struct KafkaEndpoint {
  Address address;
  std::string origin;
};
Result<KafkaEndpoint> find_kafka_endpoint(const EndpointFlags& flags, int64_t timeout_ms);

}  // namespace dataflow::cli
