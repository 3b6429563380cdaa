// What the file sink's writers and its committer tell each other and the checkpoint: which staged
// files are done, and which one is still written to.
//
//   writer 3
//   done <staged name> <bytes> <final name>
//   open <staged name> <bytes> <final name>
//
// A line each; staged names have no spaces. A writer leaves the final names to the committer, and
// says which folder they are in: "-", "day=2026-01-31/-".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dataflow::connect {

struct StagedFile {
  std::string staged;       // a name within the sink's folder
  uint64_t bytes = 0;       // that are on disk and belong to the file
  std::string final = "-";  // a path within it
};

struct FileCommittable {
  int writer = 0;
  std::vector<StagedFile> done;
  std::vector<StagedFile> open;
};

std::string encode_file_committable(const FileCommittable& committable);
Result<FileCommittable> decode_file_committable(std::string_view bytes);

}  // namespace dataflow::connect
