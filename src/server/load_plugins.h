// The plug-ins of a folder, for whoever runs pipelines.
#pragma once

#include <memory>
#include <string>

#include "plugins/plugins.h"

namespace dataflow::server {

// Those that cannot be used are told to the log. `timers` as of Plugins::load().
Result<std::unique_ptr<plugins::Plugins>> load_plugins(Env& env, TimerQueue* timers,
                                                       const std::string& folder);

// For commands: `given` by a flag, which must be there, else DATAFLOW_PLUGINS_DIR, else `usual`.
Result<std::string> plugins_folder(Env& env, const std::string& given, const std::string& usual);

}  // namespace dataflow::server
