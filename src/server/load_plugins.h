// The plug-ins of a folder, for whoever runs pipelines.
#pragma once

#include <memory>
#include <string>

#include "plugins/plugins.h"

namespace dataflow::server {

// Those that cannot be used are told to the log. `timers` as of Plugins::load().
Result<std::unique_ptr<plugins::Plugins>> load_plugins(Env& env, TimerQueue* timers,
                                                       const std::string& folder);

}  // namespace dataflow::server
