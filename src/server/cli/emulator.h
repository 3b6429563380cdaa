// `dataflow emulator …`: a server of the user's own, with its data below ~/.dataflow.
#pragma once

#include <string>

#include "cli/session.h"

namespace dataflow::cli {

struct EmulatorStart {
  bool any_port = false;
  bool background = false;
  std::string data_dir;  // empty: ~/.dataflow/emulator/data
};
// In the foreground it returns when the server has ended; Ctrl-C stops it.
Status start_emulator(Session& session, const EmulatorStart& options);
Status stop_emulator(Session& session);
Status show_emulator(Session& session);
Status purge_emulator(Session& session, bool yes);

}  // namespace dataflow::cli
