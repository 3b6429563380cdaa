// TimeQueue: which rows of state wait for which time; they are taken in the order of their times,
// those of one time in the order of their numbers. Not state: made anew from it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "memory_of.h"
#include "state/keyed_table.h"
#include "timed_rows.h"

namespace dataflow::engine {

class TimeQueue {
 public:
  struct Entry {
    int64_t micros;
    int64_t number;
    state::RowNumber row;

    bool operator>(const Entry& other) const {
      return micros != other.micros ? micros > other.micros : number > other.number;
    }
  };

  void put(const Entry& entry) {
    heap_.push_back(entry);
    std::ranges::push_heap(heap_, std::greater<>());
  }
  bool is_due(Watermark watermark) const {
    return !heap_.empty() && TimedRows::millis_of(heap_.front().micros) <= watermark.value();
  }
  Entry take() {
    std::ranges::pop_heap(heap_, std::greater<>());
    const Entry entry = heap_.back();
    heap_.pop_back();
    return entry;
  }
  size_t memory_bytes() const { return memory_of(heap_); }

 private:
  std::vector<Entry> heap_;  // the earliest on top
};

}  // namespace dataflow::engine
