// What a place means where the log's chain of sound batches breaks: a pure decision.
//
// Below the synced bound every batch was on disk, so one that is missing or broken there is damage:
// it is reported, nothing is cut, and the partition refuses writes. At or above it batches may be
// missing, torn or out of order after a power loss: no reader has seen them and nobody was promised
// them, and the log is cut at the first such place.
#pragma once

#include <optional>

#include "base/ids.h"

namespace dataflow::log {

enum class Verdict { kSound, kTornTail, kDamage };

// `sound_end`: the offset behind the last sound batch before the break. `synced`: the bound from
// the partition's `synced` file or its checkpoint, whichever is higher; 0 if there is neither.
constexpr Verdict judge_break(Offset sound_end, Offset synced) {
  return sound_end < synced ? Verdict::kDamage : Verdict::kTornTail;
}

// The log's last sound batch ends at `sound_end` and nothing follows it.
constexpr Verdict judge_end(Offset sound_end, Offset synced) {
  return sound_end < synced ? Verdict::kDamage : Verdict::kSound;
}

// Nothing but zeros follows the last sound batch up to the end of the segment's file: they were
// written ahead of the log (zero_tail.h), and the segment's part of it ends at `sound_end`. If the
// segment behind it, `next_base`, goes on from there, no batch can be missing in between.
constexpr Verdict judge_zeros(Offset sound_end, std::optional<Offset> next_base, Offset synced) {
  return next_base == sound_end ? Verdict::kSound : judge_end(sound_end, synced);
}

// Two segments of one log that follow each other: the second must begin where the first one ends.
constexpr Verdict judge_seam(Offset sound_end, Offset next_base, Offset synced) {
  return sound_end == next_base ? Verdict::kSound : judge_break(sound_end, synced);
}

}  // namespace dataflow::log
