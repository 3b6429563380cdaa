#include "record_parse.h"

namespace dataflow {

const char* fault_text(RecordFault fault) {
  switch (fault) {
    case RecordFault::kNone: return "nothing is wrong";
    case RecordFault::kLength: return "its length passes the end of the batch";
    case RecordFault::kTimestamp: return "its timestamp is broken";
    case RecordFault::kOffset: return "its offset is broken";
    case RecordFault::kKey: return "its key passes the end of the record";
    case RecordFault::kValue: return "its value passes the end of the record";
    case RecordFault::kHeaders: return "its headers pass the end of the record";
    case RecordFault::kLeftOver: return "it is longer than its contents";
    case RecordFault::kOffsetOrder:
      return "its offset does not lie between the last one and the batch's end";
    case RecordFault::kOffsetGap:
      return "its offset does not follow the one before; send offsets 0, 1 and so on";
    case RecordFault::kNullKey: return "it has no key, which a compacted topic requires; send one";
  }
  return "it is broken";
}

std::string reading(const BatchHeader& header) {
  return "reading the record batch at offset " + std::to_string(header.base_offset.value()) + ": ";
}

std::string describe(const BatchHeader& header, int32_t index, RecordFault fault) {
  return reading(header) + "record " + std::to_string(index) + " of " +
         std::to_string(header.record_count) + ": " + fault_text(fault);
}

std::string bytes_left_over(const BatchHeader& header, size_t count) {
  return reading(header) + std::to_string(count) + " bytes follow the last record";
}

Result<BatchHeader> parse_whole(std::string_view whole_batch) {
  DF_ASSIGN_OR_RETURN(BatchHeader header, parse_batch_header(whole_batch));
  if (header.total_bytes() != whole_batch.size()) {
    return Status::corrupt(reading(header) + "its header says " +
                           std::to_string(header.total_bytes()) + " bytes, and " +
                           std::to_string(whole_batch.size()) + " are there");
  }
  return header;
}

Status over_the_limit(const BatchHeader& header, size_t bytes, size_t max_bytes) {
  return Status::too_large(reading(header) + "its records take " + std::to_string(bytes) +
                           " bytes, and the limit is " + std::to_string(max_bytes));
}

}  // namespace dataflow
