// Folders that outlive a power loss.
#pragma once

#include <string>

#include "base/env.h"

namespace dataflow {

// create_dirs(), with each new name synced into its folder before anything is made inside it. When
// this returns ok, `path` is durable, also if an earlier call was killed half way; folders above
// the deepest one that existed are taken to be durable.
Status create_dirs_durably(Env& env, const std::string& path);

}  // namespace dataflow
