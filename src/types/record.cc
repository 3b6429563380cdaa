// A record: length varint, then of that length: attributes i8 (unused), timestamp delta varlong,
// offset delta varint, key, value, header count varint, headers. Keys and values are a varint
// length and the bytes, length -1 for null; a header is a key, which is never null, and a value.
#include "types/record.h"

#include <algorithm>
#include <limits>

#include "types/compression.h"
#include "types/varint.h"

namespace dataflow {
namespace {

// A thread keeps its buffer for uncompressed records up to this size.
constexpr size_t kKeptScratchBytes = 4 << 20;

// A header takes at least the two lengths of its key and value.
constexpr ptrdiff_t kMinHeaderBytes = 2;

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

bool is_refusal(RecordFault fault) {
  return fault == RecordFault::kOffsetGap || fault == RecordFault::kNullKey;
}

std::string reading(const BatchHeader& header) {
  return "reading the record batch at offset " + std::to_string(header.base_offset.value()) + ": ";
}

Status describe(const BatchHeader& header, int32_t index, RecordFault fault) {
  return Status(is_refusal(fault) ? StatusCode::kInvalid : StatusCode::kCorrupt,
                reading(header) + "record " + std::to_string(index) + " of " +
                    std::to_string(header.record_count) + ": " + fault_text(fault));
}

Status bytes_left_over(const BatchHeader& header, size_t count) {
  return Status::corrupt(reading(header) + std::to_string(count) + " bytes follow the last record");
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

// The records' bytes: those of the batch, or what they uncompress to, which then lies in `scratch`.
Result<std::string_view> uncompressed_records(const BatchHeader& header,
                                              std::string_view whole_batch, size_t max_bytes,
                                              std::string& scratch) {
  const std::string_view stored = whole_batch.substr(kBatchHeaderBytes);
  if (header.codec() != Codec::kNone) {
    Status status = decompress_into(header.codec(), stored, max_bytes, scratch);
    if (!status.ok()) return status.with_context(reading(header) + "its records");
    return std::string_view(scratch);
  }
  if (stored.size() > max_bytes) {
    return Status::too_large(reading(header) + "its records take " + std::to_string(stored.size()) +
                             " bytes, and the limit is " + std::to_string(max_bytes));
  }
  return stored;
}

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

inline const char* skip_field(const char* at, const char* end, int32_t shortest) {
  int32_t length;
  at = read_length(at, end, length);
  if (at == nullptr || length < shortest) return nullptr;
  return length > 0 ? at + length : at;
}

const char* skip_headers(const char* at, const char* end, int32_t count) {
  if (count < 0 || count > (end - at) / kMinHeaderBytes) return nullptr;
  for (int32_t i = 0; i < count; ++i) {
    at = skip_field(at, end, 0);
    if (at == nullptr) return nullptr;
    at = skip_field(at, end, -1);
    if (at == nullptr) return nullptr;
  }
  return at;
}

// The most that the length, attributes, timestamp and offset deltas and key length of a record take
// if each number takes at most two bytes, as nearly all do.
constexpr ptrdiff_t kShortFrontBytes = 9;

// Reads a number of one or two bytes without looking for the end; false if it is longer.
inline bool read_short(const char*& at, int32_t& value) {
  const unsigned low = static_cast<unsigned char>(at[0]);
  if (low < 0x80) {
    value = static_cast<int32_t>(low >> 1) ^ -static_cast<int32_t>(low & 1);
    ++at;
    return true;
  }
  const unsigned high = static_cast<unsigned char>(at[1]);
  const unsigned raw = (low & 0x7f) | high << 7;
  value = static_cast<int32_t>(raw >> 1) ^ -static_cast<int32_t>(raw & 1);
  at += 2;
  return high < 0x80;
}

// Whether the record at `position` is one of the common kind (short numbers, no headers) with
// nothing wrong; then moves `position` behind it. Whatever else it is, check_one tells.
inline bool pass_common(const char*& position, const char* end, int32_t expected_delta,
                        int32_t shortest_key, int64_t& timestamp_delta) {
  if (end - position < kShortFrontBytes) return false;
  const char* at = position;
  int32_t length, short_delta, offset_delta, key_length, value_length;
  if (!read_short(at, length) || length > end - at) return false;
  const char* const record_end = at + length;
  ++at;
  if (!read_short(at, short_delta) || !read_short(at, offset_delta) ||
      !read_short(at, key_length)) {
    return false;
  }
  if (offset_delta != expected_delta || key_length < shortest_key) return false;
  if (key_length > record_end - at) return false;
  if (key_length > 0) at += key_length;
  // The value's length (of two bytes at most) and a header count of one byte must be left.
  if (record_end - at < 3) return false;
  if (!read_short(at, value_length) || value_length < -1) return false;
  if (value_length > record_end - at) return false;
  if (value_length > 0) at += value_length;
  if (record_end - at != 1 || *at != 0) return false;
  timestamp_delta = short_delta;
  position = record_end;
  return true;
}

// Checks the record at `position` and moves it behind that record. The next record's place depends
// on this one's length alone, so that the processor works on several records at once.
inline RecordFault check_one(const char*& position, const char* end, int32_t expected_delta,
                             int32_t shortest_key, int64_t& timestamp_delta) {
  const char* record_end;
  const char* at = enter_record(position, end, record_end);
  if (at == nullptr) return RecordFault::kLength;
  position = record_end;
  at = read_varlong(at + 1, record_end, timestamp_delta);
  if (at == nullptr) return RecordFault::kTimestamp;
  int32_t offset_delta;
  at = read_varint(at, record_end, offset_delta);
  if (at == nullptr) return RecordFault::kOffset;
  if (offset_delta != expected_delta) return RecordFault::kOffsetGap;
  int32_t key_length;
  at = read_length(at, record_end, key_length);
  if (at == nullptr) return RecordFault::kKey;
  if (key_length < shortest_key) return RecordFault::kNullKey;
  if (key_length > 0) at += key_length;
  at = skip_field(at, record_end, -1);
  if (at == nullptr) return RecordFault::kValue;
  int32_t header_count;
  at = read_varint(at, record_end, header_count);
  if (at == nullptr) return RecordFault::kHeaders;
  if (header_count != 0) {
    at = skip_headers(at, record_end, header_count);
    if (at == nullptr) return RecordFault::kHeaders;
  }
  return at == record_end ? RecordFault::kNone : RecordFault::kLeftOver;
}

// Producers choose both numbers, so that the sum may wrap (as it does in Java).
Timestamp add_wrapping(Timestamp timestamp, int64_t delta) {
  return Timestamp(static_cast<int64_t>(static_cast<uint64_t>(timestamp.value()) +
                                        static_cast<uint64_t>(delta)));
}

// Java reads an LZ4 frame of independent blocks and nothing else: no linked blocks, no legacy or
// skippable frame. What the LZ4 library reads beyond that would be lost to those consumers.
bool lz4_is_common(std::string_view stored) {
  constexpr std::string_view kMagic("\x04\x22\x4d\x18", 4);
  constexpr unsigned kIndependentBlocks = 0x20;
  return stored.starts_with(kMagic) && stored.size() > kMagic.size() &&
         (static_cast<unsigned char>(stored[kMagic.size()]) & kIndependentBlocks) != 0;
}

Result<RecordTimes> check_all(const BatchHeader& header, std::string_view records,
                              bool require_keys) {
  const char* position = records.data();
  const char* const end = position + records.size();
  const int32_t shortest_key = require_keys ? 0 : -1;
  int64_t min = std::numeric_limits<int64_t>::max();
  int64_t max = std::numeric_limits<int64_t>::min();
  for (int32_t i = 0; i < header.record_count; ++i) {
    int64_t delta;
    if (!pass_common(position, end, i, shortest_key, delta)) [[unlikely]] {
      const RecordFault fault = check_one(position, end, i, shortest_key, delta);
      if (fault != RecordFault::kNone) return describe(header, i, fault);
    }
    const int64_t time = add_wrapping(header.first_timestamp, delta).value();
    max = std::max(max, time);
    min = time == kNoTimestamp.value() ? min : std::min(min, time);
  }
  if (position != end) return bytes_left_over(header, static_cast<size_t>(end - position));
  RecordTimes times;
  if (min <= max) times = {Timestamp(min), Timestamp(max)};
  return times;
}

const char* read_field(const char* at, const char* end, std::optional<std::string_view>& field) {
  int32_t length;
  at = read_length(at, end, length);
  if (at == nullptr) return nullptr;
  if (length < 0) {
    field.reset();
    return at;
  }
  field.emplace(at, static_cast<size_t>(length));
  return at + length;
}

const char* read_headers(const char* at, const char* end, std::vector<RecordHeader>& headers) {
  headers.clear();
  int32_t count;
  at = read_varint(at, end, count);
  if (at == nullptr || count < 0 || count > (end - at) / kMinHeaderBytes) return nullptr;
  for (int32_t i = 0; i < count; ++i) {
    std::optional<std::string_view> key;
    at = read_field(at, end, key);
    if (at == nullptr || !key) return nullptr;
    headers.push_back({*key, std::nullopt});
    at = read_field(at, end, headers.back().value);
    if (at == nullptr) return nullptr;
  }
  return at;
}

}  // namespace

RecordReader::RecordReader(const BatchHeader& header, std::unique_ptr<const std::string> owned,
                           std::string_view records)
    : header_(header),
      owned_(std::move(owned)),
      position_(records.data()),
      end_(records.data() + records.size()) {}

Result<RecordReader> RecordReader::open(std::string_view whole_batch,
                                        size_t max_uncompressed_bytes) {
  DF_ASSIGN_OR_RETURN(BatchHeader header, parse_whole(whole_batch));
  auto owned = std::make_unique<std::string>();
  DF_ASSIGN_OR_RETURN(std::string_view records,
                      uncompressed_records(header, whole_batch, max_uncompressed_bytes, *owned));
  return RecordReader(header, std::move(owned), records);
}

Result<RecordReader> RecordReader::open(std::string_view whole_batch, size_t max_uncompressed_bytes,
                                        std::string& scratch) {
  DF_ASSIGN_OR_RETURN(BatchHeader header, parse_whole(whole_batch));
  DF_ASSIGN_OR_RETURN(std::string_view records,
                      uncompressed_records(header, whole_batch, max_uncompressed_bytes, scratch));
  if (header.codec() == Codec::kNone) return RecordReader(header, nullptr, records);
  const size_t size = records.size();
  scratch.append(kReadAhead, '\0');
  return RecordReader(header, nullptr, std::string_view(scratch).substr(0, size));
}

Result<bool> RecordReader::next(Record& record) {
  if (!failure_.ok()) return failure_;
  if (records_read_ == header_.record_count) {
    if (position_ == end_) return false;
    failure_ = bytes_left_over(header_, static_cast<size_t>(end_ - position_));
    return failure_;
  }
  failure_ = parse_one(record);
  if (!failure_.ok()) return failure_;
  ++records_read_;
  return true;
}

Status RecordReader::parse_one(Record& record) {
  const auto fail = [this](RecordFault fault) { return describe(header_, records_read_, fault); };
  const char* record_end;
  const char* at = enter_record(position_, end_, record_end);
  if (at == nullptr) return fail(RecordFault::kLength);
  int64_t timestamp_delta;
  at = read_varlong(at + 1, record_end, timestamp_delta);
  if (at == nullptr) return fail(RecordFault::kTimestamp);
  int32_t offset_delta;
  at = read_varint(at, record_end, offset_delta);
  if (at == nullptr) return fail(RecordFault::kOffset);
  if (offset_delta <= last_delta_ || offset_delta > header_.last_offset_delta) {
    return fail(RecordFault::kOffsetOrder);
  }
  at = read_field(at, record_end, record.key);
  if (at == nullptr) return fail(RecordFault::kKey);
  at = read_field(at, record_end, record.value);
  if (at == nullptr) return fail(RecordFault::kValue);
  at = read_headers(at, record_end, record.headers);
  if (at == nullptr) return fail(RecordFault::kHeaders);
  if (at != record_end) return fail(RecordFault::kLeftOver);
  record.offset = header_.base_offset + offset_delta;
  record.timestamp = header_.is_log_append_time()
                         ? header_.max_timestamp
                         : add_wrapping(header_.first_timestamp, timestamp_delta);
  position_ = record_end;
  last_delta_ = offset_delta;
  return {};
}

Result<RecordTimes> check_records(std::string_view whole_batch, size_t max_uncompressed_bytes,
                                  bool require_keys) {
  DF_ASSIGN_OR_RETURN(const BatchHeader header, parse_whole(whole_batch));
  if (header.record_count < 1 || header.last_offset_delta != header.record_count - 1) {
    return Status::invalid(reading(header) + std::to_string(header.record_count) +
                           " records with a last offset delta of " +
                           std::to_string(header.last_offset_delta) +
                           "; a producer's batch has at least one record and no gaps");
  }
  if (header.codec() == Codec::kLz4 && !lz4_is_common(whole_batch.substr(kBatchHeaderBytes))) {
    return Status::corrupt(reading(header) +
                           "its records are not one LZ4 frame of independent blocks");
  }
  thread_local std::string scratch;
  const auto records = uncompressed_records(header, whole_batch, max_uncompressed_bytes, scratch);
  Result<RecordTimes> times = records.ok() ? check_all(header, *records, require_keys)
                                           : Result<RecordTimes>(records.status());
  if (scratch.capacity() > kKeptScratchBytes) std::string().swap(scratch);
  return times;
}

}  // namespace dataflow
