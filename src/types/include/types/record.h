// The records inside of a LogBatch.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "types/log_batch.h"

namespace dataflow {

struct RecordHeader {
  std::string_view key;
  std::optional<std::string_view> value;

  friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

struct Record {
  Offset offset;
  Timestamp timestamp;  // the batch's max_timestamp if that has append time
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::vector<RecordHeader> headers;
};

// Reads a batch's records in order, once. The views in a Record point into the batch's bytes, or
// for a compressed batch into the reader's memory: they live as long as both (moving the reader is
// allowed). Accepts what the log may hold: offsets rise strictly but may have gaps, and end within
// the batch.
class RecordReader {
 public:
  // `whole_batch` is exactly one batch; its CRC is the caller's matter. kTooLarge if it holds more
  // than `max_uncompressed_bytes` of records.
  static Result<RecordReader> open(std::string_view whole_batch, size_t max_uncompressed_bytes);

  // The same for who reads many batches: a compressed one's records stand in `scratch`, whose
  // memory is used again, with kReadAhead zero bytes behind them. `scratch` must outlive the
  // reader.
  static constexpr size_t kReadAhead = 64;
  static Result<RecordReader> open(std::string_view whole_batch, size_t max_uncompressed_bytes,
                                   std::string& scratch);

  const BatchHeader& header() const { return header_; }

  // Fills `record` (its vector's memory is used again) and returns true; false behind the last
  // record, where all of the batch's bytes are used up. After an error the reader only repeats that
  // error.
  Result<bool> next(Record& record);

 private:
  RecordReader(const BatchHeader& header, std::unique_ptr<const std::string> owned,
               std::string_view records);

  Status parse_one(Record& record);

  BatchHeader header_;
  std::unique_ptr<const std::string> owned_;  // the uncompressed records, if they were compressed
  const char* position_;
  const char* end_;
  int32_t records_read_ = 0;
  int32_t last_delta_ = -1;
  Status failure_;
};

struct RecordTimes {
  Timestamp min = kNoTimestamp;  // of the records that have one; kNoTimestamp if none has
  Timestamp max = kNoTimestamp;
};

// Whether a batch that a producer sent may be stored: it has at least one record, last_offset_delta
// is record_count - 1, the records' deltas count up from 0 by 1, every length lies within its
// record, and no byte is left over. With `require_keys` (compacted topics) no key may be null.
// Walks the records without building them; compressed ones pass through a window of the thread (128
// KiB; as large as a snappy block that is larger) and are never there as a whole. kInvalid for
// records that are not what the header says or not allowed (as Kafka has it: sending them again
// helps nobody), kCorrupt for a batch of another length than it says and for compressed bytes that
// are damaged or that only some consumers can read, kTooLarge over `max_uncompressed_bytes`. Gives
// the records' own timestamps; what they and those of the header may be, CRC and control flag are
// the caller's matter.
Result<RecordTimes> check_records(std::string_view whole_batch, size_t max_uncompressed_bytes,
                                  bool require_keys);

}  // namespace dataflow
