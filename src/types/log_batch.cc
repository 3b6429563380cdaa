#include "types/log_batch.h"

#include <string>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace dataflow {
namespace {

constexpr size_t kLengthAt = 8;
constexpr size_t kLeaderEpochAt = 12;
constexpr size_t kMagicAt = 16;
constexpr size_t kCrcAt = 17;
constexpr size_t kAttributesAt = kBatchCrcStart;
constexpr size_t kLastOffsetDeltaAt = 23;
constexpr size_t kFirstTimestampAt = 27;
constexpr size_t kMaxTimestampAt = 35;
constexpr size_t kProducerIdAt = 43;
constexpr size_t kProducerEpochAt = 51;
constexpr size_t kBaseSequenceAt = 53;
constexpr size_t kRecordCountAt = 57;

constexpr int32_t kMinBatchLength = kBatchHeaderBytes - kBatchLengthOverhead;
constexpr int32_t kMaxInt32 = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxBaseOffset = std::numeric_limits<int64_t>::max() - kMaxInt32 - 1;

constexpr std::string_view kCodecNames[kCodecCount] = {"none", "gzip", "snappy", "lz4", "zstd"};

Status bad_header(StatusCode code, const BatchHeader& header, const std::string& what) {
  return Status(code, "reading the record batch at offset " +
                          std::to_string(header.base_offset.value()) + ": " + what);
}

Status check_header(const BatchHeader& header) {
  constexpr StatusCode kBroken = StatusCode::kCorrupt;
  if (header.batch_length < kMinBatchLength ||
      header.batch_length > kMaxInt32 - static_cast<int32_t>(kBatchLengthOverhead)) {
    return bad_header(kBroken, header,
                      "its length " + std::to_string(header.batch_length) + " cannot be");
  }
  if ((header.attributes & kAttributeCodecMask) >= kCodecCount) {
    return bad_header(StatusCode::kUnsupported, header,
                      "codec " + std::to_string(header.attributes & kAttributeCodecMask) +
                          " is unknown; known are none, gzip, snappy, lz4 and zstd");
  }
  if (header.base_offset.value() > kMaxBaseOffset) {
    return bad_header(kBroken, header, "its offsets would pass the largest one");
  }
  if (header.last_offset_delta < 0 || header.record_count < 0 ||
      header.record_count - 1 > header.last_offset_delta) {
    return bad_header(kBroken, header,
                      std::to_string(header.record_count) +
                          " records do not fit a last offset delta of " +
                          std::to_string(header.last_offset_delta));
  }
  return {};
}

uint32_t batch_crc(const char* batch, size_t size) {
  return crc32c({batch + kBatchCrcStart, size - kBatchCrcStart});
}

}  // namespace

std::string_view codec_name(Codec codec) {
  const auto index = static_cast<size_t>(codec);
  return index < kCodecCount ? kCodecNames[index] : "unknown";
}

Result<Codec> codec_from_name(std::string_view name) {
  for (size_t i = 0; i < kCodecCount; ++i) {
    if (kCodecNames[i] == name) return static_cast<Codec>(i);
  }
  return Status::invalid("compression `" + std::string(name) +
                         "` is unknown; use none, gzip, snappy, lz4 or zstd");
}

Result<BatchHeader> parse_batch_header(std::string_view bytes) {
  if (bytes.size() < kBatchHeaderBytes) {
    return Status::corrupt("reading a record batch's header: it takes " +
                           std::to_string(kBatchHeaderBytes) + " bytes, and " +
                           std::to_string(bytes.size()) + " are there");
  }
  const char* at = bytes.data();
  BatchHeader header;
  header.base_offset = Offset(static_cast<int64_t>(load_be64(at)));
  header.batch_length = static_cast<int32_t>(load_be32(at + kLengthAt));
  header.leader_epoch = LeaderEpoch(static_cast<int32_t>(load_be32(at + kLeaderEpochAt)));
  header.magic = static_cast<int8_t>(at[kMagicAt]);
  if (header.magic != kBatchMagic) {
    return bad_header(StatusCode::kUnsupported, header,
                      "its format is " + std::to_string(header.magic) +
                          "; only format 2 (Kafka 0.11 and later) is stored");
  }
  header.crc = load_be32(at + kCrcAt);
  header.attributes = load_be16(at + kAttributesAt);
  header.last_offset_delta = static_cast<int32_t>(load_be32(at + kLastOffsetDeltaAt));
  header.first_timestamp = Timestamp(static_cast<int64_t>(load_be64(at + kFirstTimestampAt)));
  header.max_timestamp = Timestamp(static_cast<int64_t>(load_be64(at + kMaxTimestampAt)));
  header.producer_id = ProducerId(static_cast<int64_t>(load_be64(at + kProducerIdAt)));
  header.producer_epoch = ProducerEpoch(static_cast<int16_t>(load_be16(at + kProducerEpochAt)));
  header.base_sequence = static_cast<int32_t>(load_be32(at + kBaseSequenceAt));
  header.record_count = static_cast<int32_t>(load_be32(at + kRecordCountAt));
  DF_RETURN_IF_ERROR(check_header(header));
  return header;
}

void write_batch_header(char* out, const BatchHeader& header) {
  store_be64(out, static_cast<uint64_t>(header.base_offset.value()));
  store_be32(out + kLengthAt, static_cast<uint32_t>(header.batch_length));
  store_be32(out + kLeaderEpochAt, static_cast<uint32_t>(header.leader_epoch.value()));
  out[kMagicAt] = static_cast<char>(header.magic);
  store_be32(out + kCrcAt, header.crc);
  store_be16(out + kAttributesAt, header.attributes);
  store_be32(out + kLastOffsetDeltaAt, static_cast<uint32_t>(header.last_offset_delta));
  store_be64(out + kFirstTimestampAt, static_cast<uint64_t>(header.first_timestamp.value()));
  store_be64(out + kMaxTimestampAt, static_cast<uint64_t>(header.max_timestamp.value()));
  store_be64(out + kProducerIdAt, static_cast<uint64_t>(header.producer_id.value()));
  store_be16(out + kProducerEpochAt, static_cast<uint16_t>(header.producer_epoch.value()));
  store_be32(out + kBaseSequenceAt, static_cast<uint32_t>(header.base_sequence));
  store_be32(out + kRecordCountAt, static_cast<uint32_t>(header.record_count));
}

bool batch_crc_ok(std::string_view whole_batch) {
  if (whole_batch.size() < kBatchHeaderBytes) return false;
  return batch_crc(whole_batch.data(), whole_batch.size()) ==
         load_be32(whole_batch.data() + kCrcAt);
}

void set_base_offset(char* batch, Offset offset) {
  store_be64(batch, static_cast<uint64_t>(offset.value()));
}

void set_leader_epoch(char* batch, LeaderEpoch epoch) {
  store_be32(batch + kLeaderEpochAt, static_cast<uint32_t>(epoch.value()));
}

void set_append_time(char* batch, size_t size, Timestamp now) {
  store_be16(batch + kAttributesAt, load_be16(batch + kAttributesAt) | kAttributeAppendTime);
  set_max_timestamp(batch, size, now);
}

void set_max_timestamp(char* batch, size_t size, Timestamp max) {
  store_be64(batch + kMaxTimestampAt, static_cast<uint64_t>(max.value()));
  set_batch_crc(batch, size);
}

void set_producer(char* batch, size_t size, ProducerId producer, ProducerEpoch epoch,
                  int32_t base_sequence) {
  store_be64(batch + kProducerIdAt, static_cast<uint64_t>(producer.value()));
  store_be16(batch + kProducerEpochAt, static_cast<uint16_t>(epoch.value()));
  store_be32(batch + kBaseSequenceAt, static_cast<uint32_t>(base_sequence));
  set_batch_crc(batch, size);
}

void set_batch_crc(char* batch, size_t size) { store_be32(batch + kCrcAt, batch_crc(batch, size)); }

}  // namespace dataflow
