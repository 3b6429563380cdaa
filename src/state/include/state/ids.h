// Ids of the engine's state.
#pragma once

#include <cstdint>

#include "base/ids.h"

namespace dataflow::state {

using CheckpointId = NamedId<struct CheckpointIdTag, int64_t>;  // from 1, rising by 1 within a job
using KeyGroup = NamedId<struct KeyGroupTag, uint8_t>;

// Recorded in each job's store; a store with another number is refused.
inline constexpr int kKeyGroups = 128;

// The key group of a key whose hash64() is `hash`.
constexpr KeyGroup key_group_of(uint64_t hash) {
  return KeyGroup(static_cast<uint8_t>(hash >> 57));
}

// Groups [begin, end) belong to a task.
struct KeyGroupRange {
  int begin = 0;
  int end = kKeyGroups;

  constexpr bool contains(KeyGroup group) const {
    return group.value() >= begin && group.value() < end;
  }
};
// Task `index` of `parallelism`, as even as can be; parallelism is at most kKeyGroups.
constexpr KeyGroupRange key_groups_of_task(int index, int parallelism) {
  return {(index * kKeyGroups + parallelism - 1) / parallelism,
          ((index + 1) * kKeyGroups + parallelism - 1) / parallelism};
}
constexpr int task_of_key_group(KeyGroup group, int parallelism) {
  return group.value() * parallelism / kKeyGroups;
}

}  // namespace dataflow::state
