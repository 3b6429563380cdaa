// The file `synced` of a partition: a lower bound of what is on disk, written after every fdatasync
// and never synced by itself. Two slots, written in turn, so that a torn write leaves the other
// one.
//
//   slot (at 0 and at 512, little-endian): 0 magic "DFSY" | 4 u32 CRC-32C of bytes 8-47 | 8 u64
//   turn
//     | 16 i64 offset: every batch below it is on disk | 24 i64 base offset of its segment
//     | 32 u64 its position there | 40 u64 zero
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "base/ids.h"
#include "base/status.h"

namespace dataflow::log {

struct SyncedBound {
  Offset offset{0};
  Offset segment{0};
  uint64_t position = 0;
};

class SyncedFile {
 public:
  // Created with no bound if missing. `bound` gets the newest sound slot.
  static Result<std::unique_ptr<SyncedFile>> open(Env& env, const std::string& path,
                                                  std::optional<SyncedBound>* bound);
  Status write(const SyncedBound& bound);

 private:
  SyncedFile(Env& env, std::string path) : env_(env), path_(std::move(path)) {}

  Env& env_;
  const std::string path_;
  std::unique_ptr<File> file_;  // from the first write on: an idle partition costs no descriptor
  uint64_t turn_ = 0;
};

}  // namespace dataflow::log
