// What an interval join does in time, apart from how: for each side how far it reaches.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "engine/operator.h"
#include "join_output.h"
#include "plan/plan.h"

namespace dataflow::engine {

struct IntervalReach {
  explicit IntervalReach(const plan::IntervalJoinSpec& spec)
      : lower_ms(spec.lower_ms),
        upper_ms(spec.upper_ms),
        forward_ms{spec.upper_ms, -spec.lower_ms} {}

  const int64_t lower_ms, upper_ms;
  // How far behind a side's row its last partner can be; below zero: partners lie before it.
  const std::array<int64_t, 2> forward_ms;

  // A row is over when time reaches its own and so much, which is when the watermark has passed
  // the last moment of a partner. At that moment itself one may come: a watermark that stands at
  // the latest time seen is followed by rows of just that time.
  std::array<int64_t, 2> over_ms() const { return {forward_ms[0] + 1, forward_ms[1] + 1}; }
  // What was kept on a side leaves less than this behind the watermark.
  int64_t held_ms(size_t side) const { return std::max<int64_t>(forward_ms[side] + 1, 0); }
  // What follows is told as much as holds for the column that carries the output's event time, or
  // for both sides' where none does.
  int64_t held_ms(plan::JoinKind kind) const {
    if (kind == plan::JoinKind::kRight) return held_ms(1);
    if (kind == plan::JoinKind::kFull) return std::max(held_ms(0), held_ms(1));
    return held_ms(0);
  }
};

}  // namespace dataflow::engine
