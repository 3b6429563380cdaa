// `dataflow log verify | repair`: the log of a stopped server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/session.h"

namespace dataflow::cli {

struct LogCare {
  std::string data_dir;
  std::string topic;  // empty: all
  std::optional<int32_t> partition;
  bool yes = false;
};
// Fails (exit code 1) if something is damaged.
Status verify_log(Session& session, const LogCare& options);
Status repair_log(Session& session, const LogCare& options);

}  // namespace dataflow::cli
