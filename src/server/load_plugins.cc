#include "load_plugins.h"

#include <cstdlib>

#include "base/logger.h"
#include "connect/connectors.h"

namespace dataflow::server {

Result<std::unique_ptr<plugins::Plugins>> load_plugins(Env& env, TimerQueue* timers,
                                                       const std::string& folder) {
  DF_ASSIGN_OR_RETURN(
      std::unique_ptr<plugins::Plugins> loaded,
      plugins::Plugins::load(env, timers, folder,
                             {connect::built_in_sources(), connect::built_in_sinks()}));
  for (const plugins::PluginInfo& info : loaded->infos()) {
    if (info.error.empty()) {
      log_info("a plug-in is loaded",
               {{"file", info.file}, {"plugin", info.name}, {"version", info.version}});
    } else {
      log_warn("a plug-in is not used", {{"file", info.file}, {"why", info.error}});
    }
  }
  return loaded;
}

Result<std::string> plugins_folder(Env& env, const std::string& given, const std::string& usual) {
  std::string folder = given;
  if (const char* const variable = std::getenv("DATAFLOW_PLUGINS_DIR");
      folder.empty() && variable != nullptr) {
    folder = variable;
  }
  if (folder.empty()) return usual;
  if (env.exists(folder)) return folder;
  return Status::not_found("folder of plug-ins " + folder + " (" +
                           (given.empty() ? "DATAFLOW_PLUGINS_DIR" : "--plugins-dir") +
                           "): there is no such folder");
}

}  // namespace dataflow::server
