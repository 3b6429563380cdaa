// LogBatch: one Kafka record batch of format 2, the bytes that producers send, the log stores and
// consumers fetch. Nothing here looks into the records behind the header; types/record.h does.
//
//   0 base offset      i64 | not covered by the CRC: the log writes both in place
//   8 batch length     i32 | bytes that follow this field
//  12 leader epoch     i32 | not covered by the CRC
//  16 magic            i8  | 2
//  17 crc              u32 | CRC-32C of everything from `attributes` to the batch's end
//  21 attributes       u16 | bits 0-2 codec, 3 append time, 4 transactional, 5 control, 6 delete
//  horizon 23 last offset delta i32, 27 first timestamp i64, 35 max timestamp i64, 43 producer id
//  i64, 51 producer epoch i16, 53 base sequence i32, 57 record count i32, 61 records (compressed as
//  a whole)
//
// All numbers are big-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"

namespace dataflow {

inline constexpr size_t kBatchHeaderBytes = 61;     // through the record count
inline constexpr size_t kBatchLengthOverhead = 12;  // base offset and the length field itself
inline constexpr int8_t kBatchMagic = 2;
inline constexpr size_t kBatchCrcStart = 21;  // the first byte that the CRC covers
inline constexpr int32_t kNoSequence = -1;

enum class Codec : uint8_t { kNone = 0, kGzip = 1, kSnappy = 2, kLz4 = 3, kZstd = 4 };
inline constexpr int kCodecCount = 5;

// The name as Kafka's configuration spells it ("none", "gzip", "snappy", "lz4", "zstd").
std::string_view codec_name(Codec codec);
// kInvalid for any other word.
Result<Codec> codec_from_name(std::string_view name);

inline constexpr uint16_t kAttributeCodecMask = 0x07;
inline constexpr uint16_t kAttributeAppendTime = 0x08;
inline constexpr uint16_t kAttributeTransactional = 0x10;
inline constexpr uint16_t kAttributeControl = 0x20;
inline constexpr uint16_t kAttributeDeleteHorizon = 0x40;

// base + increment as Kafka counts sequences: after INT32_MAX comes 0.
constexpr int32_t add_to_sequence(int32_t base, int32_t increment) {
  constexpr int32_t kMax = std::numeric_limits<int32_t>::max();
  return base > kMax - increment ? increment - (kMax - base) - 1 : base + increment;
}

struct BatchHeader {
  Offset base_offset;
  int32_t batch_length = 0;
  LeaderEpoch leader_epoch;
  int8_t magic = kBatchMagic;
  uint32_t crc = 0;
  uint16_t attributes = 0;
  int32_t last_offset_delta = 0;
  Timestamp first_timestamp;  // the records' deltas count from it; with a delete horizon it is that
  Timestamp max_timestamp;    // with append time it is every record's timestamp
  ProducerId producer_id;
  ProducerEpoch producer_epoch;
  int32_t base_sequence = kNoSequence;
  int32_t record_count = 0;

  Codec codec() const { return static_cast<Codec>(attributes & kAttributeCodecMask); }
  bool is_log_append_time() const { return (attributes & kAttributeAppendTime) != 0; }
  bool is_transactional() const { return (attributes & kAttributeTransactional) != 0; }
  bool is_control() const { return (attributes & kAttributeControl) != 0; }
  bool has_delete_horizon() const { return (attributes & kAttributeDeleteHorizon) != 0; }
  bool has_producer_id() const { return producer_id.value() >= 0; }

  Offset last_offset() const { return base_offset + last_offset_delta; }
  Offset next_offset() const { return last_offset() + 1; }
  size_t total_bytes() const { return kBatchLengthOverhead + static_cast<size_t>(batch_length); }
  // kNoSequence if the batch has no sequence.
  int32_t last_sequence() const {
    return base_sequence < 0 ? kNoSequence : add_to_sequence(base_sequence, last_offset_delta);
  }
};

// Reads the header at the front of `bytes`, which need not hold the batch's body. What it returns
// is sane: magic 2, a codec of the five, 49 <= batch_length <= INT32_MAX - 12, offsets that do not
// overflow, 0 <= last_offset_delta, 0 <= record_count <= last_offset_delta + 1 (a compacted batch
// keeps its deltas and loses records). kUnsupported for another magic or codec, kCorrupt otherwise.
// The CRC is not checked.
Result<BatchHeader> parse_batch_header(std::string_view bytes);

// Writes the 61 bytes as they stand in `header`, its crc included.
void write_batch_header(char* out, const BatchHeader& header);

// Whether `whole_batch`, exactly one batch, has the CRC that its header names. False if it is
// shorter than a header.
bool batch_crc_ok(std::string_view whole_batch);

// Computes the CRC of the batch of `size` bytes (>= kBatchHeaderBytes) and writes it into its
// header.
void set_batch_crc(char* batch, size_t size);

// In place, outside of what the CRC covers.
void set_base_offset(char* batch, Offset offset);
void set_leader_epoch(char* batch, LeaderEpoch epoch);

// In place, with the CRC computed anew: for a producer whose header does not tell of its records.
void set_max_timestamp(char* batch, size_t size, Timestamp max);

// In place, with the CRC computed anew: who appends the batch, for one that was built before its
// producer was known.
void set_producer(char* batch, size_t size, ProducerId producer, ProducerEpoch epoch,
                  int32_t base_sequence);

// Makes `now` the timestamp of all records of the batch of `size` bytes (>= kBatchHeaderBytes):
// sets the timestamp type and max_timestamp, and computes the CRC anew.
void set_append_time(char* batch, size_t size, Timestamp now);

}  // namespace dataflow
