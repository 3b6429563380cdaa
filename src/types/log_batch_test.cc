#include "types/log_batch.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "base/bytes.h"
#include "types/batch_builder.h"

namespace dataflow {
namespace {

constexpr int32_t kMaxInt32 = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxInt64 = std::numeric_limits<int64_t>::max();

BatchHeader sample_header() {
  BatchHeader header;
  header.base_offset = Offset(0x0102030405060708);
  header.batch_length = 49;
  header.leader_epoch = LeaderEpoch(0x11121314);
  header.crc = 0xf1f2f3f4;
  header.attributes = kAttributeTransactional | static_cast<uint16_t>(Codec::kLz4);
  header.last_offset_delta = 9;
  header.first_timestamp = Timestamp(1700000000000);
  header.max_timestamp = Timestamp(1700000000009);
  header.producer_id = ProducerId(77);
  header.producer_epoch = ProducerEpoch(5);
  header.base_sequence = 1000;
  header.record_count = 10;
  return header;
}

std::string bytes_of(const BatchHeader& header) {
  std::string bytes(kBatchHeaderBytes, '\0');
  write_batch_header(bytes.data(), header);
  return bytes;
}

std::string small_batch() {
  BatchBuilder builder;
  EXPECT_TRUE(builder.add(Timestamp(10), "k", "v").ok());
  EXPECT_TRUE(builder.add(Timestamp(20), "k2", "v2").ok());
  return builder.finish();
}

TEST(BatchHeader, ReadsWhatWasWritten) {
  const BatchHeader wrote = sample_header();
  const auto read = parse_batch_header(bytes_of(wrote));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->base_offset, wrote.base_offset);
  EXPECT_EQ(read->batch_length, wrote.batch_length);
  EXPECT_EQ(read->leader_epoch, wrote.leader_epoch);
  EXPECT_EQ(read->magic, 2);
  EXPECT_EQ(read->crc, wrote.crc);
  EXPECT_EQ(read->attributes, wrote.attributes);
  EXPECT_EQ(read->last_offset_delta, wrote.last_offset_delta);
  EXPECT_EQ(read->first_timestamp, wrote.first_timestamp);
  EXPECT_EQ(read->max_timestamp, wrote.max_timestamp);
  EXPECT_EQ(read->producer_id, wrote.producer_id);
  EXPECT_EQ(read->producer_epoch, wrote.producer_epoch);
  EXPECT_EQ(read->base_sequence, wrote.base_sequence);
  EXPECT_EQ(read->record_count, wrote.record_count);
  EXPECT_EQ(read->codec(), Codec::kLz4);
  EXPECT_TRUE(read->is_transactional());
  EXPECT_FALSE(read->is_control());
  EXPECT_FALSE(read->is_log_append_time());
  EXPECT_FALSE(read->has_delete_horizon());
  EXPECT_EQ(read->last_offset(), wrote.base_offset + 9);
  EXPECT_EQ(read->next_offset(), wrote.base_offset + 10);
  EXPECT_EQ(read->total_bytes(), kBatchHeaderBytes);
}

TEST(BatchHeader, TellsItsFlags) {
  BatchHeader header;
  header.attributes = kAttributeAppendTime;
  EXPECT_TRUE(header.is_log_append_time());
  header.attributes = kAttributeControl;
  EXPECT_TRUE(header.is_control());
  header.attributes = kAttributeDeleteHorizon;
  EXPECT_TRUE(header.has_delete_horizon());
}

TEST(BatchHeader, CountsSequencesRoundTheEnd) {
  BatchHeader header;
  header.base_sequence = kNoSequence;
  header.last_offset_delta = 4;
  EXPECT_EQ(header.last_sequence(), kNoSequence);
  header.base_sequence = 7;
  EXPECT_EQ(header.last_sequence(), 11);
  header.base_sequence = kMaxInt32 - 4;
  EXPECT_EQ(header.last_sequence(), kMaxInt32);
  header.base_sequence = kMaxInt32 - 3;
  EXPECT_EQ(header.last_sequence(), 0);
  header.base_sequence = kMaxInt32;
  header.last_offset_delta = kMaxInt32;
  EXPECT_EQ(header.last_sequence(), kMaxInt32 - 1);
}

TEST(BatchHeader, RefusesWhatCannotBe) {
  struct Case {
    const char* name;
    std::function<void(BatchHeader&)> spoil;
    StatusCode code;
  };
  const Case cases[] = {
      {"magic 0", [](auto& h) { h.magic = 0; }, StatusCode::kUnsupported},
      {"magic 1", [](auto& h) { h.magic = 1; }, StatusCode::kUnsupported},
      {"magic 3", [](auto& h) { h.magic = 3; }, StatusCode::kUnsupported},
      {"codec 5", [](auto& h) { h.attributes = 5; }, StatusCode::kUnsupported},
      {"codec 7", [](auto& h) { h.attributes = 7; }, StatusCode::kUnsupported},
      {"length 48", [](auto& h) { h.batch_length = 48; }, StatusCode::kCorrupt},
      {"length -1", [](auto& h) { h.batch_length = -1; }, StatusCode::kCorrupt},
      {"length max", [](auto& h) { h.batch_length = kMaxInt32 - 11; }, StatusCode::kCorrupt},
      {"offset", [](auto& h) { h.base_offset = Offset(kMaxInt64 - 5); }, StatusCode::kCorrupt},
      {"delta -1", [](auto& h) { h.last_offset_delta = -1, h.record_count = 0; },
       StatusCode::kCorrupt},
      {"count -1", [](auto& h) { h.record_count = -1; }, StatusCode::kCorrupt},
      {"count 11", [](auto& h) { h.record_count = 11; }, StatusCode::kCorrupt},
      {"count min", [](auto& h) { h.record_count = std::numeric_limits<int32_t>::min(); },
       StatusCode::kCorrupt},
  };
  for (const Case& c : cases) {
    BatchHeader header = sample_header();
    c.spoil(header);
    EXPECT_EQ(parse_batch_header(bytes_of(header)).status().code(), c.code) << c.name;
  }
}

TEST(BatchHeader, AcceptsTheEdges) {
  const std::pair<const char*, std::function<void(BatchHeader&)>> cases[] = {
      {"length 49", [](auto& h) { h.batch_length = 49; }},
      {"length max", [](auto& h) { h.batch_length = kMaxInt32 - 12; }},
      {"no records left", [](auto& h) { h.record_count = 0; }},
      {"last offset", [](auto& h) { h.base_offset = Offset(kMaxInt64 - kMaxInt32 - 1); }},
      {"delta max", [](auto& h) { h.last_offset_delta = kMaxInt32, h.record_count = kMaxInt32; }},
  };
  for (const auto& [name, change] : cases) {
    BatchHeader header = sample_header();
    change(header);
    EXPECT_TRUE(parse_batch_header(bytes_of(header)).ok()) << name;
  }
}

TEST(BatchHeader, RefusesTooFewBytes) {
  const std::string bytes = bytes_of(sample_header());
  for (size_t size = 0; size < kBatchHeaderBytes; ++size) {
    const std::string cut(bytes, 0, size);
    EXPECT_EQ(parse_batch_header(cut).status().code(), StatusCode::kCorrupt);
    EXPECT_FALSE(batch_crc_ok(cut));
  }
}

TEST(BatchCrc, FindsEveryFlippedByte) {
  std::string batch = small_batch();
  ASSERT_TRUE(batch_crc_ok(batch));
  for (size_t at = kBatchCrcStart - 4; at < batch.size(); ++at) {
    batch[at] = static_cast<char>(batch[at] ^ 0x10);
    EXPECT_FALSE(batch_crc_ok(batch)) << at;
    batch[at] = static_cast<char>(batch[at] ^ 0x10);
  }
  EXPECT_FALSE(batch_crc_ok(std::string_view(batch).substr(0, batch.size() - 1)));
}

TEST(BatchCrc, DoesNotCoverOffsetAndEpoch) {
  std::string batch = small_batch();
  set_base_offset(batch.data(), Offset(123456789012));
  set_leader_epoch(batch.data(), LeaderEpoch(42));
  EXPECT_TRUE(batch_crc_ok(batch));
  const auto header = parse_batch_header(batch);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->base_offset, Offset(123456789012));
  EXPECT_EQ(header->leader_epoch, LeaderEpoch(42));
}

TEST(AppendTime, IsEveryRecordsTimestamp) {
  std::string batch = small_batch();
  set_append_time(batch.data(), batch.size(), Timestamp(5000));
  EXPECT_TRUE(batch_crc_ok(batch));
  auto reader = RecordReader::open(batch, 1000);
  ASSERT_TRUE(reader.ok());
  EXPECT_TRUE(reader->header().is_log_append_time());
  EXPECT_EQ(reader->header().max_timestamp, Timestamp(5000));
  Record record;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(reader->next(record).ok());
    EXPECT_EQ(record.timestamp, Timestamp(5000));
  }
}

TEST(CodecName, RoundTrips) {
  for (int i = 0; i < kCodecCount; ++i) {
    const auto codec = static_cast<Codec>(i);
    const auto back = codec_from_name(codec_name(codec));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, codec);
  }
  EXPECT_EQ(codec_name(Codec::kZstd), "zstd");
  EXPECT_EQ(codec_from_name("brotli").status().code(), StatusCode::kInvalid);
}

TEST(LogBatch, TakesItsProducerAfterItWasBuilt) {
  BatchOptions options;
  BatchBuilder unknown(options);
  options.producer_id = ProducerId(77);
  options.producer_epoch = ProducerEpoch(3);
  options.base_sequence = 12;
  BatchBuilder known(options);
  ASSERT_TRUE(unknown.add(Timestamp(5), "k", "v").ok());
  ASSERT_TRUE(known.add(Timestamp(5), "k", "v").ok());
  std::string batch = unknown.finish();
  set_producer(batch.data(), batch.size(), ProducerId(77), ProducerEpoch(3), 12);
  EXPECT_EQ(batch, known.finish());
}

}  // namespace
}  // namespace dataflow
