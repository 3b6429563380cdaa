// What of a checkpoint's output is in the log already: decided from what was found, without
// looking at anything.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/status.h"

namespace dataflow::connect {

// Of one batch; `last` < `first` where the count began anew behind INT32_MAX.
struct SequenceRange {
  int32_t first;
  int32_t last;
};

// What one partition knows of the producer that wrote the batches.
struct ProducerTrace {
  // Its last sequence: of the partition's producer state, or (where that forgot it) of its last
  // batch at or behind the place where the batches would begin.
  std::optional<int32_t> last_sequence;
  // Retention has passed by that place: had they been appended, they would be gone.
  bool passed_by = false;
};

// How many of `batches` (in order, of one producer and partition) the log holds, from the front;
// the others are to be appended. kCorrupt if the log ends within one of them, or lacks some that
// were there before them.
Result<size_t> batches_in_log(std::span<const SequenceRange> batches, const ProducerTrace& trace);

}  // namespace dataflow::connect
