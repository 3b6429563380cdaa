// The data directory: who uses it, and in which format it is.
//   lock     held by the running server, with its words
//   format   "dataflow <number>\n"
//   meta/    the metadata store        log/  the partitions
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "base/status.h"
#include "meta/store.h"

namespace dataflow::server {

inline constexpr int kDataFormat = 1;

struct DataDir {
  std::unique_ptr<FileLock> lock;
  std::string path;
};

// Makes the folder if it is missing. kConflict names the process that holds it; kUnsupported names
// the format of a newer build. `words` are left for the next one who asks.
Result<DataDir> open_data_dir(Env& env, const std::string& path, const std::string& words);

// Made at the first start and kept.
Result<std::string> cluster_id(Env& env, meta::Store& store);

}  // namespace dataflow::server
