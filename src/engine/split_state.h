// What a checkpoint keeps of a split: JSON, so that people can read it where it is shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace dataflow::engine {

inline constexpr std::string_view kSplitPrefix = "split/";  // of its name, before the split's id

struct SplitState {
  std::string position;
  int64_t max_time = 0;
  int64_t watermark = 0;
  int64_t stretch = -1;
  uint64_t rows = 0;
};

std::string encode_split_state(const SplitState& state);
Result<SplitState> decode_split_state(const std::string& bytes);

}  // namespace dataflow::engine
