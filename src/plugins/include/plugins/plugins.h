// Plugins: the shared objects of a folder, and the sources, sinks and operators that they bring.
// How one is written is in docs/plugins.md, what crosses in include/dataflow/plugin_abi.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "engine/connectors.h"

namespace dataflow {
class TimerQueue;
}
namespace dataflow::plugin::abi {
struct Plugin;
}

namespace dataflow::plugins {

struct PluginInfo {
  std::string file;
  std::string name, version;  // as it says itself; empty if it could not be asked
  std::vector<std::string> sources, sinks, operators;
  std::string error;  // why it is not used; empty if it is
};

// Names that a plug-in cannot take.
struct TakenNames {
  std::vector<std::string> sources, sinks;
};

class Plugins : public engine::Connectors {
 public:
  // Loads every *.so of the folder, in the order of their names; one that is not there has none.
  // They stay in the process. kIoError if the folder cannot be read; a plug-in that cannot be used
  // says so in its info. `timers` may be null: its sources then cannot wait for rows.
  static Result<std::unique_ptr<Plugins>> load(Env& env, TimerQueue* timers,
                                               const std::string& folder, TakenNames taken);

  // In the order of loading.
  virtual const std::vector<PluginInfo>& infos() const = 0;
  // One that is in the process already. `file` is what it is called in its info.
  virtual void add(const std::string& file, const plugin::abi::Plugin& plugin) = 0;
};

}  // namespace dataflow::plugins
