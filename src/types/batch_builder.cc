#include "types/batch_builder.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "types/varint.h"

namespace dataflow {
namespace {

constexpr size_t kMaxBatchBytes = size_t{1} << 30;
constexpr size_t kMaxControlBytes = 64 * 1024;
constexpr int32_t kMaxDelta = std::numeric_limits<int32_t>::max();

// The key and value of a control record.
constexpr int16_t kControlVersion = 0;
constexpr size_t kControlKeyBytes = 4;    // version i16, type i16
constexpr size_t kControlValueBytes = 6;  // version i16, coordinator epoch i32

size_t field_size(std::optional<std::string_view> field) {
  if (!field) return varint_size(-1);
  return varlong_size(static_cast<int64_t>(field->size())) + field->size();
}

char* write_field(char* out, std::optional<std::string_view> field) {
  if (!field) return write_varint(out, -1);
  out = write_varint(out, static_cast<int32_t>(field->size()));
  field->copy(out, field->size());
  return out + field->size();
}

int64_t wrapping_difference(Timestamp a, Timestamp b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a.value()) - static_cast<uint64_t>(b.value()));
}

Status check_offset(Offset base, Offset offset, int64_t smallest_delta) {
  const uint64_t delta =
      static_cast<uint64_t>(offset.value()) - static_cast<uint64_t>(base.value());
  if (offset >= base && delta <= static_cast<uint64_t>(kMaxDelta) &&
      static_cast<int64_t>(delta) >= smallest_delta) {
    return {};
  }
  return Status::invalid("building the record batch at offset " + std::to_string(base.value()) +
                         ": offset " + std::to_string(offset.value()) +
                         " lies before what is there or too far behind; start a new batch");
}

}  // namespace

BatchOptions options_like(const BatchHeader& original) {
  BatchOptions options;
  options.codec = original.codec();
  options.base_offset = original.base_offset;
  options.leader_epoch = original.leader_epoch;
  if (original.is_log_append_time()) options.append_time = original.max_timestamp;
  if (original.has_delete_horizon()) options.delete_horizon = original.first_timestamp;
  options.producer_id = original.producer_id;
  options.producer_epoch = original.producer_epoch;
  options.base_sequence = original.base_sequence;
  options.transactional = original.is_transactional();
  options.control = original.is_control();
  return options;
}

BatchBuilder::BatchBuilder(const BatchOptions& options)
    : options_(options), first_timestamp_(options.delete_horizon.value_or(kNoTimestamp)) {}

Status BatchBuilder::add(Timestamp timestamp, std::optional<std::string_view> key,
                         std::optional<std::string_view> value,
                         std::span<const RecordHeader> headers) {
  if (last_delta_ == kMaxDelta) {
    return Status::too_large("building a record batch: its offsets are used up; start a new batch");
  }
  return add_at(options_.base_offset + (int64_t{last_delta_} + 1), timestamp, key, value, headers);
}

Status BatchBuilder::add_at(Offset offset, Timestamp timestamp, std::optional<std::string_view> key,
                            std::optional<std::string_view> value,
                            std::span<const RecordHeader> headers) {
  DF_RETURN_IF_ERROR(check_offset(options_.base_offset, offset, int64_t{last_delta_} + 1));
  const auto delta = static_cast<int32_t>(offset - options_.base_offset);
  const bool sets_first = record_count_ == 0 && !options_.delete_horizon;
  const Timestamp first = sets_first ? timestamp : first_timestamp_;
  const int64_t timestamp_delta = wrapping_difference(timestamp, first);

  size_t size = 1 + varlong_size(timestamp_delta) + varint_size(delta) + field_size(key) +
                field_size(value) + varlong_size(static_cast<int64_t>(headers.size()));
  for (const RecordHeader& header : headers)
    size += field_size(header.key) + field_size(header.value);
  if (size > kMaxBatchBytes || size_estimate() + size + kMaxVarintBytes > kMaxBatchBytes) {
    return Status::too_large("building a record batch of " + std::to_string(size_estimate()) +
                             " bytes: a record of " + std::to_string(size) +
                             " bytes does not fit 1 GiB; start a new batch");
  }

  const size_t before = records_.size();
  records_.resize(before + varint_size(static_cast<int32_t>(size)) + size);
  char* out = write_varint(records_.data() + before, static_cast<int32_t>(size));
  *out++ = 0;  // the record's attributes
  out = write_varlong(out, timestamp_delta);
  out = write_varint(out, delta);
  out = write_field(out, key);
  out = write_field(out, value);
  out = write_varint(out, static_cast<int32_t>(headers.size()));
  for (const RecordHeader& header : headers) {
    out = write_field(out, header.key);
    out = write_field(out, header.value);
  }
  first_timestamp_ = first;
  max_timestamp_ = record_count_ == 0 ? timestamp : std::max(max_timestamp_, timestamp);
  last_delta_ = delta;
  ++record_count_;
  return {};
}

Status BatchBuilder::extend_to(Offset offset) {
  DF_RETURN_IF_ERROR(check_offset(options_.base_offset, offset, std::max(last_delta_, 0)));
  last_delta_ = static_cast<int32_t>(offset - options_.base_offset);
  return {};
}

std::string BatchBuilder::finish() {
  std::string batch;
  Codec codec = records_.empty() ? Codec::kNone : options_.codec;
  if (codec == Codec::kNone) batch.reserve(size_estimate());
  batch.resize(kBatchHeaderBytes);
  if (codec != Codec::kNone && !compress_append(codec, options_.level, records_, batch).ok()) {
    codec = Codec::kNone;
  }
  if (codec == Codec::kNone) batch.append(records_);

  BatchHeader header;
  header.base_offset = options_.base_offset;
  header.batch_length = static_cast<int32_t>(batch.size() - kBatchLengthOverhead);
  header.leader_epoch = options_.leader_epoch;
  header.attributes = static_cast<uint16_t>(codec);
  if (options_.append_time) header.attributes |= kAttributeAppendTime;
  if (options_.transactional) header.attributes |= kAttributeTransactional;
  if (options_.control) header.attributes |= kAttributeControl;
  if (options_.delete_horizon) header.attributes |= kAttributeDeleteHorizon;
  header.last_offset_delta = std::max(last_delta_, 0);
  header.first_timestamp = first_timestamp_;
  header.max_timestamp = options_.append_time.value_or(max_timestamp_);
  header.producer_id = options_.producer_id;
  header.producer_epoch = options_.producer_epoch;
  header.base_sequence = options_.base_sequence;
  header.record_count = record_count_;
  write_batch_header(batch.data(), header);
  set_batch_crc(batch.data(), batch.size());
  return batch;
}

std::string build_control_batch(Offset offset, ProducerId producer_id, ProducerEpoch producer_epoch,
                                ControlType type, int32_t coordinator_epoch, Timestamp timestamp) {
  BatchOptions options;
  options.base_offset = offset;
  options.producer_id = producer_id;
  options.producer_epoch = producer_epoch;
  options.transactional = true;
  options.control = true;
  char key[kControlKeyBytes];
  store_be16(key, kControlVersion);
  store_be16(key + 2, static_cast<uint16_t>(type));
  char value[kControlValueBytes];
  store_be16(value, kControlVersion);
  store_be32(value + 2, static_cast<uint32_t>(coordinator_epoch));
  BatchBuilder builder(options);
  // Cannot fail: it is the first record, and it is small.
  static_cast<void>(builder.add(timestamp, std::string_view(key, sizeof key),
                                std::string_view(value, sizeof value)));
  return builder.finish();
}

// A later version of key or value may be longer, and begins with what version 0 has.
Result<ControlRecord> parse_control_record(std::optional<std::string_view> key,
                                           std::optional<std::string_view> value) {
  if (!key || key->size() < kControlKeyBytes || static_cast<int16_t>(load_be16(key->data())) < 0) {
    return Status::corrupt("reading a control record: its key has no version and type");
  }
  const auto type = static_cast<int16_t>(load_be16(key->data() + 2));
  if (type != static_cast<int16_t>(ControlType::kAbort) &&
      type != static_cast<int16_t>(ControlType::kCommit)) {
    return Status::unsupported("reading a control record: type " + std::to_string(type) +
                               " ends no transaction");
  }
  if (!value || value->size() < kControlValueBytes ||
      static_cast<int16_t>(load_be16(value->data())) < 0) {
    return Status::corrupt("reading a control record: its value has no version and epoch");
  }
  return ControlRecord{static_cast<ControlType>(type),
                       static_cast<int32_t>(load_be32(value->data() + 2))};
}

Result<ControlRecord> parse_control_batch(std::string_view whole_batch) {
  DF_ASSIGN_OR_RETURN(RecordReader reader, RecordReader::open(whole_batch, kMaxControlBytes));
  if (!reader.header().is_control()) {
    return Status::invalid("reading a control batch: the batch at offset " +
                           std::to_string(reader.header().base_offset.value()) + " is none");
  }
  Record record;
  DF_ASSIGN_OR_RETURN(const bool found, reader.next(record));
  if (!found) return Status::corrupt("reading a control batch: it has no record");
  return parse_control_record(record.key, record.value);
}

}  // namespace dataflow
