#include "types/batch_builder.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace dataflow {
namespace {

constexpr size_t kPlenty = 8 << 20;
constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();

std::vector<Record> records_of(std::string_view batch, RecordReader& reader) {
  EXPECT_TRUE(batch_crc_ok(batch));
  std::vector<Record> records;
  for (;;) {
    Record record;
    const auto more = reader.next(record);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) return records;
    records.push_back(record);
  }
}

RecordReader open_batch(std::string_view batch) {
  auto reader = RecordReader::open(batch, kPlenty);
  EXPECT_TRUE(reader.ok()) << reader.status();
  return std::move(*reader);
}

BatchOptions with_codec(Codec codec) {
  BatchOptions options;
  options.codec = codec;
  options.base_offset = Offset(7000);
  return options;
}

class BuilderCodec : public ::testing::TestWithParam<Codec> {};

TEST_P(BuilderCodec, RoundTrips) {
  BatchBuilder builder(with_codec(GetParam()));
  const std::string large(100000, 'L');
  const RecordHeader headers[] = {{"trace", "abc"}, {"", std::nullopt}, {"e", ""}};
  ASSERT_TRUE(builder.add(Timestamp(1000), "key", "value").ok());
  ASSERT_TRUE(builder.add(Timestamp(400), std::nullopt, large, headers).ok());
  ASSERT_TRUE(builder.add(Timestamp(99999999999), "", std::nullopt).ok());
  EXPECT_EQ(builder.record_count(), 3);
  const std::string batch = builder.finish();
  EXPECT_TRUE(check_records(batch, kPlenty, false).ok());

  RecordReader reader = open_batch(batch);
  EXPECT_EQ(reader.header().codec(), GetParam());
  EXPECT_EQ(reader.header().first_timestamp, Timestamp(1000));
  EXPECT_EQ(reader.header().max_timestamp, Timestamp(99999999999));
  EXPECT_EQ(reader.header().leader_epoch, LeaderEpoch(-1));
  EXPECT_EQ(reader.header().producer_id, kNoProducerId);
  EXPECT_EQ(reader.header().last_sequence(), kNoSequence);
  const std::vector<Record> records = records_of(batch, reader);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].offset, Offset(7000));
  EXPECT_EQ(records[0].key, "key");
  EXPECT_EQ(records[0].value, "value");
  EXPECT_TRUE(records[0].headers.empty());
  EXPECT_EQ(records[1].timestamp, Timestamp(400));
  EXPECT_EQ(records[1].key, std::nullopt);
  EXPECT_EQ(records[1].value, large);
  EXPECT_EQ(records[1].headers, std::vector<RecordHeader>(std::begin(headers), std::end(headers)));
  EXPECT_EQ(records[2].offset, Offset(7002));
  EXPECT_EQ(records[2].key, "");
  EXPECT_EQ(records[2].value, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Codecs, BuilderCodec,
                         ::testing::Values(Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4,
                                           Codec::kZstd),
                         [](const auto& info) { return std::string(codec_name(info.param)); });

TEST(BatchBuilder, EstimatesItsSizeExactlyWithoutCompression) {
  BatchBuilder builder;
  for (int i = 0; i < 300; ++i) {
    const std::string value(static_cast<size_t>(i), 'x');
    const RecordHeader headers[] = {{value, value}};
    ASSERT_TRUE(builder.add(Timestamp(i * 37), value, value, headers).ok());
  }
  const size_t estimate = builder.size_estimate();
  EXPECT_EQ(builder.finish().size(), estimate);
}

TEST(BatchBuilder, WritesProducerAndFlags) {
  BatchOptions options;
  options.producer_id = ProducerId(9);
  options.producer_epoch = ProducerEpoch(2);
  options.base_sequence = 50;
  options.leader_epoch = LeaderEpoch(4);
  options.transactional = true;
  options.append_time = Timestamp(777);
  BatchBuilder builder(options);
  ASSERT_TRUE(builder.add(Timestamp(1), "a", "b").ok());
  ASSERT_TRUE(builder.add(Timestamp(2), "a", "b").ok());
  const std::string batch = builder.finish();
  RecordReader reader = open_batch(batch);
  EXPECT_EQ(reader.header().producer_id, ProducerId(9));
  EXPECT_EQ(reader.header().producer_epoch, ProducerEpoch(2));
  EXPECT_EQ(reader.header().last_sequence(), 51);
  EXPECT_EQ(reader.header().leader_epoch, LeaderEpoch(4));
  EXPECT_TRUE(reader.header().is_transactional());
  EXPECT_FALSE(reader.header().is_control());
  EXPECT_EQ(reader.header().max_timestamp, Timestamp(777));
  EXPECT_EQ(records_of(batch, reader).at(1).timestamp, Timestamp(777));
}

TEST(BatchBuilder, CompactionKeepsOffsetsAndIdentity) {
  BatchOptions options = with_codec(Codec::kLz4);
  options.producer_id = ProducerId(1);
  options.producer_epoch = ProducerEpoch(0);
  options.base_sequence = 10;
  BatchBuilder original_builder(options);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(original_builder.add(Timestamp(100 + i), "k" + std::to_string(i), "v").ok());
  }
  const std::string original = original_builder.finish();
  RecordReader reader = open_batch(original);
  BatchBuilder builder(options_like(reader.header()));
  for (const Record& record : records_of(original, reader)) {
    if (record.offset.value() % 4 != 0) continue;
    ASSERT_TRUE(builder.add_at(record.offset, record.timestamp, record.key, record.value).ok());
  }
  ASSERT_TRUE(builder.extend_to(reader.header().last_offset()).ok());
  const std::string compacted = builder.finish();
  RecordReader again = open_batch(compacted);
  EXPECT_EQ(again.header().codec(), Codec::kLz4);
  EXPECT_EQ(again.header().base_offset, Offset(7000));
  EXPECT_EQ(again.header().last_offset(), Offset(7009));
  EXPECT_EQ(again.header().last_sequence(), 19);
  EXPECT_EQ(again.header().record_count, 3);
  const std::vector<Record> records = records_of(compacted, again);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[2].offset, Offset(7008));
  EXPECT_EQ(records[2].timestamp, Timestamp(108));
  EXPECT_EQ(records[2].key, "k8");
}

TEST(BatchBuilder, KeepsADeleteHorizon) {
  BatchOptions options;
  options.delete_horizon = Timestamp(123456);
  BatchBuilder builder(options);
  ASSERT_TRUE(builder.add(Timestamp(100), "k", std::nullopt).ok());
  const std::string batch = builder.finish();
  RecordReader reader = open_batch(batch);
  EXPECT_TRUE(reader.header().has_delete_horizon());
  EXPECT_EQ(reader.header().first_timestamp, Timestamp(123456));
  EXPECT_EQ(reader.header().max_timestamp, Timestamp(100));
  EXPECT_EQ(options_like(reader.header()).delete_horizon, Timestamp(123456));
  EXPECT_EQ(records_of(batch, reader).at(0).timestamp, Timestamp(100));
}

TEST(BatchBuilder, MayEndWithoutRecords) {
  BatchBuilder builder(with_codec(Codec::kZstd));
  ASSERT_TRUE(builder.extend_to(Offset(7005)).ok());
  EXPECT_TRUE(builder.empty());
  const std::string batch = builder.finish();
  EXPECT_EQ(batch.size(), kBatchHeaderBytes);
  RecordReader reader = open_batch(batch);
  EXPECT_EQ(reader.header().last_offset(), Offset(7005));
  EXPECT_TRUE(records_of(batch, reader).empty());
}

TEST(BatchBuilder, RefusesOffsetsThatDoNotRise) {
  BatchBuilder builder(with_codec(Codec::kNone));
  const auto add_at = [&](int64_t offset) {
    return builder.add_at(Offset(offset), Timestamp(1), "k", "v").code();
  };
  EXPECT_EQ(add_at(6999), StatusCode::kInvalid);
  EXPECT_EQ(add_at(7003), StatusCode::kOk);
  EXPECT_EQ(add_at(7003), StatusCode::kInvalid);
  EXPECT_EQ(builder.extend_to(Offset(7002)).code(), StatusCode::kInvalid);
  EXPECT_EQ(builder.extend_to(Offset(7003)).code(), StatusCode::kOk);
  EXPECT_EQ(add_at(7000 + kMaxInt32 + 1), StatusCode::kInvalid);
  EXPECT_EQ(add_at(std::numeric_limits<int64_t>::min()), StatusCode::kInvalid);
  EXPECT_EQ(add_at(std::numeric_limits<int64_t>::max()), StatusCode::kInvalid);
  EXPECT_EQ(add_at(7000 + kMaxInt32), StatusCode::kOk);
  EXPECT_EQ(add_at(7000 + kMaxInt32), StatusCode::kInvalid);
  EXPECT_EQ(builder.add(Timestamp(1), "k", "v").code(), StatusCode::kTooLarge);
  EXPECT_EQ(builder.record_count(), 2);
}

TEST(ControlBatch, RoundTrips) {
  for (const ControlType type : {ControlType::kAbort, ControlType::kCommit}) {
    const std::string batch =
        build_control_batch(Offset(55), ProducerId(8), ProducerEpoch(1), type, 33, Timestamp(1234));
    EXPECT_TRUE(batch_crc_ok(batch));
    const auto header = parse_batch_header(batch);
    ASSERT_TRUE(header.ok());
    EXPECT_TRUE(header->is_control());
    EXPECT_TRUE(header->is_transactional());
    EXPECT_EQ(header->base_offset, Offset(55));
    EXPECT_EQ(header->producer_id, ProducerId(8));
    EXPECT_EQ(header->base_sequence, kNoSequence);
    EXPECT_EQ(header->max_timestamp, Timestamp(1234));
    const auto control = parse_control_batch(batch);
    ASSERT_TRUE(control.ok()) << control.status();
    EXPECT_EQ(control->type, type);
    EXPECT_EQ(control->coordinator_epoch, 33);
  }
}

TEST(ControlBatch, RefusesWhatIsNone) {
  BatchBuilder builder;
  ASSERT_TRUE(builder.add(Timestamp(1), "k", "v").ok());
  EXPECT_EQ(parse_control_batch(builder.finish()).status().code(), StatusCode::kInvalid);

  const std::string commit("\0\0\0\1", 4);
  const std::string leader_change("\0\0\0\2", 4);
  const std::string value("\0\0\0\0\0\1", 6);
  EXPECT_TRUE(parse_control_record(commit, value).ok());
  EXPECT_EQ(parse_control_record(leader_change, value).status().code(), StatusCode::kUnsupported);
  for (size_t size = 0; size < commit.size(); ++size) {
    EXPECT_EQ(parse_control_record(commit.substr(0, size), value).status().code(),
              StatusCode::kCorrupt);
  }
  for (size_t size = 0; size < value.size(); ++size) {
    EXPECT_EQ(parse_control_record(commit, value.substr(0, size)).status().code(),
              StatusCode::kCorrupt);
  }
  EXPECT_FALSE(parse_control_record(std::nullopt, value).ok());
  EXPECT_FALSE(parse_control_record(commit, std::nullopt).ok());
}

}  // namespace
}  // namespace dataflow
