#include "types/record.h"

#include "record_parse.h"
#include "types/compression.h"

namespace dataflow {
namespace {

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
  if (stored.size() > max_bytes) return over_the_limit(header, stored.size(), max_bytes);
  return stored;
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
    failure_ = Status::corrupt(bytes_left_over(header_, static_cast<size_t>(end_ - position_)));
    return failure_;
  }
  failure_ = parse_one(record);
  if (!failure_.ok()) return failure_;
  ++records_read_;
  return true;
}

Status RecordReader::parse_one(Record& record) {
  const auto fail = [this](RecordFault fault) {
    return Status::corrupt(describe(header_, records_read_, fault));
  };
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

}  // namespace dataflow
