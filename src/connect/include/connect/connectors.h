// The connectors that DataFlow comes with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/metrics.h"
#include "base/timer_queue.h"
#include "engine/connectors.h"
#include "log/groups.h"
#include "log/log.h"
#include "log/producer_ids.h"

namespace dataflow::connect {

// All outlive the connectors and what they make.
struct ConnectorParts {
  Env& env;
  log::Log& log;
  log::ProducerIds& producer_ids;
  log::Groups* groups = nullptr;          // null: sources cannot name a group
  TimerQueue* timers = nullptr;           // running; null: nothing can be followed or paced
  Metrics* metrics = nullptr;             // null: there is no sink "metrics"
  engine::Connectors* plugins = nullptr;  // for names that are none of ours; null: none
};

// Sources: "log", "file", "generator". Sinks: "log", "file", "http", "metrics", "console",
// "blackhole".
std::vector<std::string> built_in_sources();
std::vector<std::string> built_in_sinks();
std::unique_ptr<engine::Connectors> make_connectors(ConnectorParts parts);

}  // namespace dataflow::connect
