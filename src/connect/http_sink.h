// The sink "http": rows as batches of JSON lines, POSTed to one address, at least once.
//
// A batch is sent when the checkpoint that holds it is durable, and again after a restart where it
// is not known to have arrived. It carries the same Idempotency-Key each time.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "base/env.h"
#include "engine/connectors.h"
#include "format/encoder.h"
#include "http_post.h"
#include "http_retry.h"

namespace dataflow::connect {

struct HttpSinkSpec {
  std::string where;  // "sink `out`"
  std::string url;
  HttpUrl parsed;
  HttpHeaders headers;
  format::EncoderOptions encoder;
  SchemaPtr schema;
  int64_t timeout_ms = 0;
  int64_t batch_rows = 0;
  int64_t first_backoff_ms = 0;
  int64_t most_backoff_ms = 0;
  int64_t give_up_ms = 0;  // the job starts again then, and sends again
  std::stop_token interrupted;
};

// What a test replaces.
struct HttpSinkParts {
  Env& env;
  CircuitBreakers& breakers;
  std::function<std::unique_ptr<HttpSender>(const HttpSinkSpec&)> sender;
  // Not longer than until it is interrupted.
  std::function<void(int64_t ms, const std::stop_token& interrupted)> sleep;
};
HttpSinkParts http_sink_parts(Env& env, CircuitBreakers& breakers);

Result<std::unique_ptr<engine::Sink>> make_http_sink(HttpSinkParts parts,
                                                     const plan::SinkSpec& spec,
                                                     const SchemaPtr& schema,
                                                     const engine::ConnectorContext& context);

std::unique_ptr<engine::SinkCommitter> make_http_sink_committer(
    HttpSinkParts parts, std::shared_ptr<const HttpSinkSpec> spec);

}  // namespace dataflow::connect
