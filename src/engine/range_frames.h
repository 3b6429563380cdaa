// RangeFrames: the frames of rows that go by how far apart values of one column are: numbers, times
// or dates. Rows stand in the order of that column.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "frame_aggregates.h"
#include "plan/spec.h"
#include "types/batch.h"

namespace dataflow::engine {

class RangeFrames {
 public:
  // Null: the node's frames go by no distance.
  static Result<std::unique_ptr<RangeFrames>> make(const plan::OverSpec& spec, const Schema& input);
  virtual ~RangeFrames() = default;

  virtual void read(const Batch& batch) = 0;
  // Of each row of the partition [begin, end) of that batch. What is NULL, or NaN, is far from all
  // other values.
  virtual void find(size_t begin, size_t end,
                    std::vector<FrameAggregates::Frame>& frames) const = 0;
};

}  // namespace dataflow::engine
