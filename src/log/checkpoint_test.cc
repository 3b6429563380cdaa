#include "checkpoint.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "log_test_bed.h"

namespace dataflow::log {
namespace {

BatchHeader header_of(const BatchShape& shape, int64_t offset) {
  std::string bytes = make_batch({"v"}, shape);
  set_base_offset(bytes.data(), Offset(offset));
  return *parse_batch_header(bytes);
}

Checkpoint sample() {
  Checkpoint checkpoint;
  checkpoint.end = Offset(1234);
  checkpoint.segment = Offset(1000);
  checkpoint.position = 5678;
  checkpoint.compacted_to = Offset(999);
  checkpoint.producers.apply(header_of(idempotent(7, 0), 3), kNoTimestamp, Timestamp(50));
  checkpoint.producers.apply(header_of(transactional(8, 0), 4), Timestamp(9), Timestamp(51));
  checkpoint.producers.apply_marker(ProducerId(8), ProducerEpoch(0), false, 2, Offset(5),
                                    Timestamp(52));
  return checkpoint;
}

TEST(CheckpointTest, ComesBackFromItsBytes) {
  const std::string bytes = encode_checkpoint(sample());
  Result<Checkpoint> found = decode_checkpoint(bytes);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->end, Offset(1234));
  EXPECT_EQ(found->segment, Offset(1000));
  EXPECT_EQ(found->position, 5678u);
  EXPECT_EQ(found->compacted_to, Offset(999));
  EXPECT_EQ(found->producers.size(), 2u);
  EXPECT_EQ(found->producers.aborted_between(Offset(0), Offset(10)).size(), 1u);
}

TEST(CheckpointTest, OneOfTheFirstVersionKnowsOfNoCompaction) {
  std::string bytes = encode_checkpoint(sample());
  bytes.erase(16 + 24, 8);
  bytes[4] = 1;
  store_le32(bytes.data() + 8, crc32c(std::string_view(bytes).substr(16)));
  Result<Checkpoint> found = decode_checkpoint(bytes);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->end, Offset(1234));
  EXPECT_EQ(found->compacted_to, Offset(0));
  EXPECT_EQ(found->producers.size(), 2u);
}

TEST(CheckpointTest, AnEmptyOneComesBackToo) {
  Result<Checkpoint> found = decode_checkpoint(encode_checkpoint({}));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->producers.size(), 0u);
}

TEST(CheckpointTest, EveryFlippedBitIsNoticed) {
  const std::string bytes = encode_checkpoint(sample());
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (at >= 12 && at < 16) continue;  // padding
    std::string broken = bytes;
    broken[at] = static_cast<char>(broken[at] ^ 0x10);
    EXPECT_FALSE(decode_checkpoint(broken).ok()) << at;
  }
}

TEST(CheckpointTest, EveryCutIsNoticed) {
  const std::string bytes = encode_checkpoint(sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    Result<Checkpoint> found = decode_checkpoint(bytes.substr(0, size));
    ASSERT_FALSE(found.ok()) << size;
    EXPECT_EQ(found.status().code(), StatusCode::kCorrupt);
  }
  EXPECT_FALSE(decode_checkpoint(bytes + "x").ok());
}

TEST(CheckpointTest, ANewerVersionIsRefusedAsSuch) {
  std::string bytes = encode_checkpoint(sample());
  bytes[4] = 3;
  Result<Checkpoint> found = decode_checkpoint(bytes);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace dataflow::log
