#include "base/durable_dirs.h"

#include <algorithm>
#include <vector>

namespace dataflow {

Status create_dirs_durably(Env& env, const std::string& path) {
  std::vector<std::string> missing;
  std::string existing = path;
  while (existing != "." && existing != "/" && !env.exists(existing)) {
    missing.push_back(existing);
    existing = parent_dir(existing);
  }
  // The deepest existing folder may stem from a call that was killed before it could sync.
  if (existing != "." && existing != "/") {
    DF_RETURN_IF_ERROR(env.create_dirs(existing));  // refuses a file in its place
    DF_RETURN_IF_ERROR(env.sync_dir(parent_dir(existing)));
  }
  std::reverse(missing.begin(), missing.end());
  for (const std::string& dir : missing) {
    DF_RETURN_IF_ERROR(env.create_dirs(dir));
    DF_RETURN_IF_ERROR(env.sync_dir(parent_dir(dir)));
  }
  return {};
}

}  // namespace dataflow
