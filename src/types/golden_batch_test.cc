// Batches as Kafka's own Java code (kafka-clients 4.3.0: MemoryRecordsBuilder,
// EndTransactionMarker) writes them, byte for byte.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "types/batch_builder.h"
#include "types/log_batch.h"
#include "types/record.h"

namespace dataflow {
namespace {

constexpr size_t kPlenty = 1 << 20;

constexpr std::string_view kPlain =
    "00000000000003e8000001ba0000000702240d73150000000000030000018bcfe568000000018bcfe6eea0ffff"
    "ffffffffffffffffffffffff00000004240000000a6b65792d300e76616c75652d30003400ac0202012676616c"
    "756520776974686f75742061206b6579004600cf0f040a6b65792d3201060a7472616365066162630a656d7074"
    "7900086e6f6e6501ea0400c09a0c0600d804787878787878787878787878787878787878787878787878787878"
    "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "78787800";

constexpr std::string_view kGzipped =
    "00000000000003e8000000a00000000702a9f621950001000000030000018bcfe568000000018bcfe6eea0ffff"
    "ffffffffffffffffffffffff000000041f8b08000000000000ff53616060e0ca4eadd435e02b4bcc294dd53560"
    "306158c3c4c4a806e62a94679664e4979628242a001531b8319ce767012b376264e32a294a4c4e654b4c4ae64a"
    "cd2d28a964e0c8cbcf4b657cc5c27060160f1bc30d968a5140346000002b3dcf0489010000";

constexpr std::string_view kSnappied =
    "00000000000003e8000000b40000000702f27ffe200002000000030000018bcfe568000000018bcfe6eea0ffff"
    "ffffffffffffffffffffffff0000000482534e415050590000000001000000010000006f890364240000000a6b"
    "65792d300e76616c75652d30003400ac02020126050f4c20776974686f75742061206b6579004600cf0f04052f"
    "983201060a7472616365066162630a656d70747900086e6f6e6501ea0400c09a0c0600d804787878fe0200fe02"
    "00fe0200fe0200a202000000";

constexpr std::string_view kLz4ed =
    "00000000000003e8000000a70000000702eb2648a20003000000030000018bcfe568000000018bcfe6eea0ffff"
    "ffffffffffffffffffffffff0000000404224d1860408267000000f10b240000000a6b65792d300e76616c7565"
    "2d30003400ac020201260f00f10520776974686f75742061206b6579004600cf0f042f00ff163201060a747261"
    "6365066162630a656d70747900086e6f6e6501ea0400c09a0c0600d804780100ff1550787878780000000000";

constexpr std::string_view kZstded =
    "00000000000003e80000009e00000007021f486b0d0004000000030000018bcfe568000000018bcfe6eea0ffff"
    "ffffffffffffffffffffffff0000000428b52ffd00580c03004405240000000a6b65792d300e76616c75652d30"
    "003400ac0202012620776974686f75742061206b6579004600cf0f043201060a7472616365066162630a656d70"
    "747900086e6f6e6501ea0400c09a0c0600d8047800030045c1a9472a61ca35c7010000";

constexpr std::string_view kTransactionalAppendTime =
    "00000000000003e8000001ba000000070285f216bb0018000000030000018bcfe568000000018bcfe58f0f0000"
    "00000000126700037ffffffe00000004240000000a6b65792d300e76616c75652d30003400ac0202012676616c"
    "756520776974686f75742061206b6579004600cf0f040a6b65792d3201060a7472616365066162630a656d7074"
    "7900086e6f6e6501ea0400c09a0c0600d804787878787878787878787878787878787878787878787878787878"
    "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "78787800";

constexpr std::string_view kCommitMarker =
    "0000000000001388000000420000000902f5f27e9a0030000000000000018bcfe568000000018bcfe568000000"
    "0000000012670003ffffffff000000012000000008000000010c00000000000c00";

constexpr std::string_view kAbortMarker =
    "000000000000138800000042000000090201cca8d20030000000000000018bcfe568000000018bcfe568000000"
    "0000000012670003ffffffff000000012000000008000000000c00000000000c00";

std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return bytes;
}

void expect_the_four_records(RecordReader& reader) {
  const std::vector<RecordHeader> headers = {
      {"trace", "abc"}, {"empty", ""}, {"none", std::nullopt}};
  Record record;
  ASSERT_TRUE(*reader.next(record));
  EXPECT_EQ(record.offset, Offset(1000));
  EXPECT_EQ(record.key, "key-0");
  EXPECT_EQ(record.value, "value-0");
  EXPECT_TRUE(record.headers.empty());
  ASSERT_TRUE(*reader.next(record));
  EXPECT_EQ(record.offset, Offset(1001));
  EXPECT_EQ(record.key, std::nullopt);
  EXPECT_EQ(record.value, "value without a key");
  ASSERT_TRUE(*reader.next(record));
  EXPECT_EQ(record.key, "key-2");
  EXPECT_EQ(record.value, std::nullopt);
  EXPECT_EQ(record.headers, headers);
  ASSERT_TRUE(*reader.next(record));
  EXPECT_EQ(record.offset, Offset(1003));
  EXPECT_EQ(record.key, "");
  EXPECT_EQ(record.value, std::string(300, 'x'));
  EXPECT_TRUE(record.headers.empty());
  EXPECT_FALSE(*reader.next(record));
}

std::vector<Timestamp> timestamps_of(const std::string& batch) {
  auto reader = RecordReader::open(batch, kPlenty);
  std::vector<Timestamp> timestamps;
  Record record;
  while (reader.ok() && *reader->next(record)) timestamps.push_back(record.timestamp);
  return timestamps;
}

TEST(GoldenBatch, ReadsEachCodecOfJava) {
  const std::pair<Codec, std::string_view> cases[] = {{Codec::kNone, kPlain},
                                                      {Codec::kGzip, kGzipped},
                                                      {Codec::kSnappy, kSnappied},
                                                      {Codec::kLz4, kLz4ed},
                                                      {Codec::kZstd, kZstded}};
  for (const auto& [codec, hex] : cases) {
    SCOPED_TRACE(codec_name(codec));
    const std::string batch = from_hex(hex);
    EXPECT_TRUE(batch_crc_ok(batch));
    EXPECT_TRUE(check_records(batch, kPlenty, false).ok());
    auto reader = RecordReader::open(batch, kPlenty);
    ASSERT_TRUE(reader.ok()) << reader.status();
    const BatchHeader& header = reader->header();
    EXPECT_EQ(header.codec(), codec);
    EXPECT_EQ(header.base_offset, Offset(1000));
    EXPECT_EQ(header.leader_epoch, LeaderEpoch(7));
    EXPECT_EQ(header.last_offset(), Offset(1003));
    EXPECT_EQ(header.first_timestamp, Timestamp(1700000000000));
    EXPECT_EQ(header.max_timestamp, Timestamp(1700000100000));
    EXPECT_FALSE(header.has_producer_id());
    expect_the_four_records(*reader);
    EXPECT_EQ(timestamps_of(batch),
              (std::vector<Timestamp>{Timestamp(1700000000000), Timestamp(1700000000150),
                                      Timestamp(1699999999000), Timestamp(1700000100000)}));
  }
}

TEST(GoldenBatch, ReadsATransactionalOneWithAppendTime) {
  const std::string batch = from_hex(kTransactionalAppendTime);
  EXPECT_TRUE(batch_crc_ok(batch));
  auto reader = RecordReader::open(batch, kPlenty);
  ASSERT_TRUE(reader.ok()) << reader.status();
  const BatchHeader& header = reader->header();
  EXPECT_TRUE(header.is_transactional());
  EXPECT_TRUE(header.is_log_append_time());
  EXPECT_EQ(header.producer_id, ProducerId(4711));
  EXPECT_EQ(header.producer_epoch, ProducerEpoch(3));
  EXPECT_EQ(header.base_sequence, 2147483646);
  EXPECT_EQ(header.last_sequence(), 1);
  expect_the_four_records(*reader);
  EXPECT_EQ(timestamps_of(batch), std::vector<Timestamp>(4, Timestamp(1700000009999)));
}

TEST(GoldenBatch, BuilderWritesWhatJavaWrites) {
  for (const std::string_view hex : {kPlain, kTransactionalAppendTime}) {
    const std::string batch = from_hex(hex);
    const auto header = parse_batch_header(batch);
    ASSERT_TRUE(header.ok());
    BatchBuilder builder(options_like(*header));
    const RecordHeader headers[] = {{"trace", "abc"}, {"empty", ""}, {"none", std::nullopt}};
    ASSERT_TRUE(builder.add(Timestamp(1700000000000), "key-0", "value-0").ok());
    ASSERT_TRUE(builder.add(Timestamp(1700000000150), std::nullopt, "value without a key").ok());
    ASSERT_TRUE(builder.add(Timestamp(1699999999000), "key-2", std::nullopt, headers).ok());
    ASSERT_TRUE(builder.add(Timestamp(1700000100000), "", std::string(300, 'x')).ok());
    EXPECT_EQ(builder.finish(), batch);
  }
}

TEST(GoldenBatch, ControlBatchesAreThoseOfJava) {
  const std::pair<ControlType, std::string_view> cases[] = {{ControlType::kCommit, kCommitMarker},
                                                            {ControlType::kAbort, kAbortMarker}};
  for (const auto& [type, hex] : cases) {
    const std::string golden = from_hex(hex);
    std::string built = build_control_batch(Offset(5000), ProducerId(4711), ProducerEpoch(3), type,
                                            12, Timestamp(1700000000000));
    set_leader_epoch(built.data(), LeaderEpoch(9));
    EXPECT_EQ(built, golden);
    const auto control = parse_control_batch(golden);
    ASSERT_TRUE(control.ok()) << control.status();
    EXPECT_EQ(control->type, type);
    EXPECT_EQ(control->coordinator_epoch, 12);
  }
}

}  // namespace
}  // namespace dataflow
