#include "commit_decision.h"

#include <string>

#include "types/log_batch.h"

namespace dataflow::connect {
namespace {

// How far `to` lies behind `from`, counted as sequences are: from 0 to 2^31 - 1.
uint32_t distance(int32_t from, int32_t to) {
  return (static_cast<uint32_t>(to) - static_cast<uint32_t>(from)) & 0x7fffffffu;
}

// Sequences that are compared lie within one checkpoint of each other, so that the shorter way
// around tells which is the later one.
bool is_behind(int32_t sequence, int32_t other) {
  const uint32_t way = distance(other, sequence);
  return way != 0 && way < (1u << 30);
}

}  // namespace

Result<size_t> batches_in_log(std::span<const SequenceRange> batches, const ProducerTrace& trace) {
  if (!trace.last_sequence) return trace.passed_by ? batches.size() : 0;
  const int32_t last = *trace.last_sequence;
  size_t there = 0;
  while (there < batches.size() && !is_behind(batches[there].last, last)) ++there;
  if (there == batches.size()) return there;
  const int32_t next = add_to_sequence(last, 1);
  if (batches[there].first == next) return there;
  const std::string found = "the log ends with sequence " + std::to_string(last) +
                            ", and the next batch begins with " +
                            std::to_string(batches[there].first);
  if (is_behind(batches[there].first, next)) {
    return Status::corrupt(found + ": output that was acknowledged is missing in between");
  }
  return Status::corrupt(found + ": the log holds a part of a batch");
}

}  // namespace dataflow::connect
