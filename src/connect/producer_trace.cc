#include "producer_trace.h"

#include <algorithm>

#include "log_committable.h"
#include "log_slice.h"

namespace dataflow::connect {
namespace {

constexpr uint32_t kScanBytes = 1 << 20;

}  // namespace

Result<ProducerTrace> trace_producer(log::Partition& partition, ProducerId producer, Offset begin) {
  ProducerTrace trace;
  for (const log::ProducerView& view : partition.producers()) {
    if (view.producer_id != producer || view.last_sequence < 0) continue;
    trace.last_sequence = view.last_sequence;
    return trace;
  }
  const Offset log_start = partition.log_start();
  trace.passed_by = log_start > begin;
  Offset next = std::max(begin, log_start);
  while (next < partition.high_offset()) {
    DF_ASSIGN_OR_RETURN(log::ReadOutcome outcome,
                        partition.read(next, kScanBytes, log::Isolation::kReadUncommitted, true));
    if (outcome.slice.length == 0) break;
    std::string bytes(outcome.slice.length, '\0');
    DF_RETURN_IF_ERROR(read_slice(outcome.slice, bytes.data()));
    DF_ASSIGN_OR_RETURN(std::vector<BatchPiece> batches, split_batches(bytes));
    for (const BatchPiece& batch : batches) {
      if (batch.header.producer_id == producer && !batch.header.is_control()) {
        trace.last_sequence = batch.header.last_sequence();
      }
      next = batch.header.next_offset();
    }
  }
  return trace;
}

}  // namespace dataflow::connect
