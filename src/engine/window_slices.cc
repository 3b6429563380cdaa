#include "window_slices.h"

namespace dataflow::engine {

Slices::Slices(const plan::WindowSpec& spec) : offset_(spec.offset_ms) {
  switch (spec.kind) {
    case plan::WindowKind::kCount:
      size_ = spec.count;
      slide_ = spec.count_slide > 0 ? spec.count_slide : spec.count;
      break;
    case plan::WindowKind::kHopping:
    case plan::WindowKind::kCumulative:
      size_ = spec.size_ms;
      slide_ = spec.slide_ms;
      break;
    default: size_ = slide_ = spec.size_ms;
  }
  cumulative_ = spec.kind == plan::WindowKind::kCumulative;
  first_part_ = slide_ > size_ ? size_ : size_ % slide_;
}

Slices::Slice Slices::slice_at(int64_t time) const {
  const int64_t into = modulo(time - offset_, slide_);
  const int64_t begin = time - into;
  if (first_part_ == 0) return {begin, begin + slide_};
  if (into < first_part_) return {begin, begin + first_part_};
  return {begin + first_part_, begin + slide_, slide_ <= size_};
}

}  // namespace dataflow::engine
