// What lies in a savepoint's folder: `SAVEPOINT`, and the files of a job's folder in `state`.
//
// SAVEPOINT: u8 version (1), string job, i64 checkpoint, i64 wall clock in ms, i32 files; of each
// its name in `state`, i64 size, i32 CRC-32C of its bytes; then i32 CRC-32C of all before. It is
// written last.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "state/savepoint.h"

namespace dataflow::state {

struct SavedFile {
  std::string name;
  uint64_t bytes = 0;
  uint32_t crc = 0;
};

struct Savepoint {
  SavepointInfo info;
  std::vector<SavedFile> files;
};

inline std::string saved_state_dir(const std::string& dir) { return dir + "/state"; }

// Durable when it returns, but for the names of `dir` and of the files in it.
Status write_savepoint_file(Env& env, const std::string& dir, const Savepoint& savepoint);
// Also says whether all files are there, by their sizes.
Result<Savepoint> read_savepoint_file(Env& env, const std::string& dir);

Result<SavedFile> describe_file(Env& env, const std::string& dir, const std::string& name);
// Of files that never change a second name is made, where the disk allows it; of others a synced
// copy. take_file() looks at the bytes of either: kCorrupt if they are not those that `file` says.
Status share_file(Env& env, const std::string& from_dir, const SavedFile& file,
                  const std::string& to_dir);
Status take_file(Env& env, const std::string& from_dir, const SavedFile& file,
                 const std::string& to_dir);

}  // namespace dataflow::state
