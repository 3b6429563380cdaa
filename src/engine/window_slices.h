// Slices: how windows that overlap cut time into pieces which they share. A row is in one slice; a
// window is some slices in a row. Time is in milliseconds, or in rows of a key for count windows.
//
// Tumbling windows are their own slices, cumulative ones have slices as long as their step. Hopping
// windows begin or end at each boundary between slices: with a slide that does not divide the size
// there are two slices in each slide, of (size mod slide) and of what is left, so that there are
// never more than 2 * size / slide of them in a window, whatever the lengths.
#pragma once

#include <cstdint>

#include "plan/plan.h"

namespace dataflow::engine {

struct WindowBounds {
  int64_t start_ms = 0;
  int64_t end_ms = 0;
};

class Slices {
 public:
  // Of tumbling, hopping, cumulative and count windows.
  explicit Slices(const plan::WindowSpec& spec);

  struct Slice {
    int64_t start = 0;
    int64_t end = 0;
    bool in_window = true;  // false between windows whose slide is longer than their size
  };
  Slice slice_at(int64_t time) const;

  // A window may have several slices.
  bool shared() const { return size_ != slide_ && size_ > slide_; }
  // A window begins with all the slices of the one before, if both begin at one moment.
  bool cumulative() const { return cumulative_; }

  // Windows are named by their ends. The least behind `time`:
  int64_t window_behind(int64_t time) const {
    return time - modulo(time - offset_ - size_, slide_) + slide_;
  }
  int64_t window_start(int64_t window_end) const {
    return cumulative_ ? period_end(window_end) - size_ : window_end - size_;
  }
  // The first and the last that hold the slice which ends there.
  int64_t first_window(int64_t slice_end) const { return window_behind(slice_end - 1); }
  int64_t last_window(int64_t slice_end) const {
    return cumulative_ ? period_end(slice_end) : window_behind(slice_end + size_ - 1) - slide_;
  }
  // The next window ends so much later.
  int64_t slide() const { return slide_; }
  // So many windows begin within one, the first one counted.
  int64_t slides() const { return (size_ + slide_ - 1) / slide_; }
  // Of so many hopping windows in a row, counted from the same one whatever the first that is seen,
  // the first: the others begin within it.
  WindowBounds block_of(int64_t window_end) const {
    const int64_t start = window_end - size_;
    const int64_t block = start - modulo(start - offset_, slides() * slide_);
    return {block, block + size_};
  }
  // No window that ends behind `time` holds a slice that ends at or before this.
  int64_t slices_over_at(int64_t time) const { return time - size_; }

 private:
  static int64_t modulo(int64_t a, int64_t b) {
    const int64_t rest = a % b;
    return rest < 0 ? rest + b : rest;
  }
  int64_t period_end(int64_t end) const {
    return end - 1 - modulo(end - 1 - offset_, size_) + size_;
  }

  int64_t size_ = 0;
  int64_t slide_ = 0;
  int64_t offset_ = 0;
  int64_t first_part_ = 0;  // of a slide; 0: the slide is one slice
  bool cumulative_ = false;
};

}  // namespace dataflow::engine
