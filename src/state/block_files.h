// Block files: where folded blocks lie, in the folder `blocks` beside the store. A file holds one
// or more blocks, never changes once a row of the store names it, and goes when none does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/env.h"
#include "job_rows.h"
#include "state/delta_block.h"

namespace dataflow::state {

inline constexpr const char* kBlockFolder = "blocks";

class BlockFiles {
 public:
  BlockFiles(Env& env, const std::string& job_dir)
      : env_(env), dir_(job_dir + "/" + kBlockFolder) {}

  // What a crash left behind goes: all files but those.
  Status open(const std::set<int64_t>& named);
  static std::string name_of(int64_t file) { return std::to_string(file) + ".block"; }

  // Reads a block, and checks its checksum.
  // Into `found`, whose memory is used again.
  Status read(const StoredBlock& block, DeltaBlock& found) const;
  Status remove(int64_t file);

  int64_t take_number() { return next_++; }
  const std::string& dir() const { return dir_; }
  Env& env() const { return env_; }

 private:
  Env& env_;
  const std::string dir_;
  int64_t next_ = 1;
};

// Writes blocks into new files, small ones together.
class BlockWriter {
 public:
  explicit BlockWriter(BlockFiles& files) : files_(files) {}
  // Takes back what was not finish()ed or is not to be kept.
  ~BlockWriter();

  // `row` says whose block it is.
  Status add(const DeltaBlock& block, StoredBlock row);
  // All is on disk, names included, when it returns: the rows that shall name it.
  Result<std::vector<StoredBlock>> finish();
  // From now on the files are not this writer's to remove.
  void keep() { kept_ = true; }
  uint64_t bytes() const { return bytes_; }

 private:
  Status end_file();

  BlockFiles& files_;
  std::unique_ptr<File> file_;
  StoredFile at_;  // the one that is being written
  uint64_t unsynced_ = 0;
  std::vector<int64_t> made_;
  std::vector<StoredBlock> rows_;
  size_t rows_done_ = 0;  // of files that ended
  uint64_t bytes_ = 0;
  bool kept_ = false;
};

}  // namespace dataflow::state
