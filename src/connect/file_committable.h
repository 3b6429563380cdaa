// What the file sink's writers and its committer tell each other and the checkpoint: which staged
// files are done, and which one is still written to.
//
//   writer 3
//   done <staged name> <bytes> <final name>
//   open <staged name> <bytes> <final name>
//
// A line each; names have no spaces. A writer leaves the final names to the committer: "-".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dataflow::connect {

struct StagedFile {
  std::string staged;  // names within the sink's folder
  uint64_t bytes = 0;  // that are on disk and belong to the file
  std::string final = "-";
};

struct FileCommittable {
  int writer = 0;
  std::vector<StagedFile> done;
  std::optional<StagedFile> open;
};

std::string encode_file_committable(const FileCommittable& committable);
Result<FileCommittable> decode_file_committable(std::string_view bytes);

}  // namespace dataflow::connect
