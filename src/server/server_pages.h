// What the server says of itself over HTTP: health, status, metrics, and the ready file's JSON.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "base/metrics.h"
#include "edge/http/server.h"
#include "log/groups.h"
#include "log/log.h"
#include "plugins/plugins.h"

namespace dataflow::server {

struct ServerFacts {
  Env* env = nullptr;
  log::Log* log = nullptr;
  log::Groups* groups = nullptr;
  const plugins::Plugins* plugins = nullptr;
  Timestamp started;
  std::string data_dir;
  std::string cluster_id;
  std::string kafka;  // host:port each
  std::string http;
  std::string metrics;
  std::string postgres;
};

std::string ready_json(const ServerFacts& facts, int pid);
// The facts must outlive the routes.
std::vector<http::Route> http_routes(const ServerFacts& facts);
std::vector<http::Route> metrics_routes(Metrics& registry);
// Consumer lag in records and seconds, computed at each scrape.
[[nodiscard]] std::vector<MetricCallback> register_lag_metrics(Metrics& registry,
                                                               const ServerFacts& facts);

}  // namespace dataflow::server
