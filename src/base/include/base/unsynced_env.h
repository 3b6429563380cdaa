// An Env whose files need not outlive the process: nothing waits for a disk.
#pragma once

#include <memory>

#include "base/env.h"

namespace dataflow {

// Files and clocks of `env`, which must outlive it; what syncs does nothing.
std::unique_ptr<Env> make_unsynced_env(Env& env);

}  // namespace dataflow
