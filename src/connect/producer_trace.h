// What a partition tells of a producer after a restart.
#pragma once

#include "commit_decision.h"
#include "log/partition.h"

namespace dataflow::connect {

// From the partition's producer state; if that knows nothing of the producer (it forgets the
// inactive ones), from the batches at and behind `begin`.
Result<ProducerTrace> trace_producer(log::Partition& partition, ProducerId producer, Offset begin);

}  // namespace dataflow::connect
