// What reading and checking records share: the parts of a record, and what can be wrong with it.
//
// A record: length varint, then of that length: attributes i8 (unused), timestamp delta varlong,
// offset delta varint, key, value, header count varint, headers. Keys and values are a varint
// length and the bytes, length -1 for null; a header is a key, which is never null, and a value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "types/log_batch.h"
#include "types/varint.h"

namespace dataflow {

// A header takes at least the two lengths of its key and value.
inline constexpr ptrdiff_t kMinHeaderBytes = 2;

enum class RecordFault {
  kNone,
  kLength,
  kTimestamp,
  kOffset,
  kKey,
  kValue,
  kHeaders,
  kLeftOver,
  kOffsetOrder,
  kOffsetGap,
  kNullKey,
};

const char* fault_text(RecordFault fault);

// The beginning of every message about a batch.
std::string reading(const BatchHeader& header);
std::string describe(const BatchHeader& header, int32_t index, RecordFault fault);
std::string bytes_left_over(const BatchHeader& header, size_t count);

// kCorrupt unless `whole_batch` is exactly one batch by its header.
Result<BatchHeader> parse_whole(std::string_view whole_batch);
Status over_the_limit(const BatchHeader& header, size_t bytes, size_t max_bytes);

// Reads the length in front of a record and sets `record_end`. nullptr unless the record lies
// within [at, end).
inline const char* enter_record(const char* at, const char* end, const char*& record_end) {
  int32_t length;
  at = read_varint(at, end, length);
  if (at == nullptr || length < 1 || length > end - at) return nullptr;
  record_end = at + length;
  return at;
}

// Reads the length in front of a key or value: -1, or one that lies within [at, end).
inline const char* read_length(const char* at, const char* end, int32_t& length) {
  at = read_varint(at, end, length);
  if (at == nullptr || length < -1 || length > end - at) return nullptr;
  return at;
}

// first_timestamp and a delta. Producers choose both numbers, so that the sum may wrap (as it does
// in Java).
inline Timestamp add_wrapping(Timestamp timestamp, int64_t delta) {
  return Timestamp(static_cast<int64_t>(static_cast<uint64_t>(timestamp.value()) +
                                        static_cast<uint64_t>(delta)));
}

}  // namespace dataflow
