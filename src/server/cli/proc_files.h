// The kernel's files under /proc, whose sizes are not known before they are read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace dataflow::cli {

// Nothing if the file cannot be read.
std::optional<std::string> read_proc(const std::string& path);

// The process that listens on a port of this machine, as far as this user may see it.
struct Listener {
  int pid = 0;       // 0: it belongs to somebody else
  std::string name;  // "dataflow"
};
std::optional<Listener> find_listener(uint16_t port);

}  // namespace dataflow::cli
