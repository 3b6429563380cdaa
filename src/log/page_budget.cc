#include "page_budget.h"

#include <vector>

namespace dataflow::log {

void PageBudget::note_synced(const std::shared_ptr<File>& file, uint64_t from, uint64_t to) {
  if (bytes_ == 0 || from >= to) return;
  std::vector<Range> old;
  {
    std::lock_guard lock(mutex_);
    ranges_.push_back({file, from, to});
    held_ += to - from;
    while (held_ > bytes_ && ranges_.size() > 1) {
      held_ -= ranges_.front().to - ranges_.front().from;
      old.push_back(std::move(ranges_.front()));
      ranges_.pop_front();
    }
  }
  for (const Range& range : old) {
    if (std::shared_ptr<File> open = range.file.lock()) open->forget_cached(range.from, range.to);
  }
}

void PageTail::note_synced(const std::shared_ptr<File>& file, uint64_t end, bool sealed) {
  if (file_.lock() != file) {
    file_ = file;
    from_ = 0;
  }
  if (end < from_ || (!sealed && end - from_ < kPiece)) return;
  budget_.note_synced(file, from_, end);
  from_ = end;
}

}  // namespace dataflow::log
