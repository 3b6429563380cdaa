// How much of what the log wrote last may stay in the machine's page cache.
//
// Left alone, a log that is written for hours takes all free memory of the machine, a page at a
// time, and each new page has to be found, cleared and (in a virtual machine) asked of the host
// first. That costs more than the write itself: docs/design/2026-11-21-page-cache.md has the
// figures. Beyond the budget the oldest synced bytes are given back, so that the same pages serve
// again and again. Readers closer to the end than the budget never go to the disk.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "base/env.h"

namespace dataflow::log {

class PageBudget {
 public:
  // 0: everything is left to the kernel.
  explicit PageBudget(int64_t bytes) : bytes_(static_cast<uint64_t>(bytes)) {}

  // These bytes of the file are on disk. Gives back the oldest ones beyond the budget.
  void note_synced(const std::shared_ptr<File>& file, uint64_t from, uint64_t to);

 private:
  struct Range {
    std::weak_ptr<File> file;  // a file that was deleted meanwhile has no pages left
    uint64_t from;
    uint64_t to;
  };

  const uint64_t bytes_;
  std::mutex mutex_;
  std::deque<Range> ranges_;  // in the order in which they were synced
  uint64_t held_ = 0;         // bytes in ranges_
};

// One partition's end of it: gathers small writes to pieces that are worth a call. Used by the
// partition's syncing thread only.
class PageTail {
 public:
  static constexpr uint64_t kPiece = 1 << 20;

  explicit PageTail(PageBudget& budget) : budget_(budget) {}

  // The file is synced up to `end`; `sealed` if nothing will be written to it again.
  void note_synced(const std::shared_ptr<File>& file, uint64_t end, bool sealed);

 private:
  PageBudget& budget_;
  std::weak_ptr<File> file_;
  uint64_t from_ = 0;  // what lies behind it in file_ is not yet told to the budget
};

}  // namespace dataflow::log
