#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace dataflow {
namespace {

using Sum = uint32_t (*)(ByteView, uint32_t);

class Crc32cTest : public testing::TestWithParam<Sum> {};
INSTANTIATE_TEST_SUITE_P(Both, Crc32cTest, testing::Values(&crc32c, &crc32c_by_table));

// RFC 3720, B.4.
TEST_P(Crc32cTest, gives_the_sums_of_rfc_3720) {
  const Sum sum = GetParam();
  std::string up, down;
  for (int i = 0; i < 32; ++i) {
    up.push_back(static_cast<char>(i));
    down.push_back(static_cast<char>(31 - i));
  }
  EXPECT_EQ(sum(std::string(32, '\0'), 0), 0x8a9136aau);
  EXPECT_EQ(sum(std::string(32, '\xff'), 0), 0x62a8ab43u);
  EXPECT_EQ(sum(up, 0), 0x46dd794eu);
  EXPECT_EQ(sum(down, 0), 0x113fdb5cu);
  const unsigned char read_command[48] = {
      0x01, 0xc0, 0, 0,    0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
      0,    0,    0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 2,    0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(sum({reinterpret_cast<const char*>(read_command), sizeof read_command}, 0),
            0xd9963a56u);
}

TEST_P(Crc32cTest, gives_the_check_value_and_zero_for_nothing) {
  EXPECT_EQ(GetParam()("123456789", 0), 0xe3069283u);
  EXPECT_EQ(GetParam()("", 0), 0u);
  EXPECT_EQ(GetParam()("", 0x12345678), 0x12345678u);
}

// Bit by bit, as the definition says.
uint32_t by_definition(ByteView data) {
  uint32_t crc = 0xffffffff;
  for (char c : data) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
  }
  return ~crc;
}

std::string random_bytes(size_t size) {
  std::mt19937_64 random(size + 7);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// Around the borders of 64, 512 and 4096 byte blocks taken in threes, at every alignment.
TEST_P(Crc32cTest, agrees_with_the_definition_at_every_block_border) {
  const std::string bytes = random_bytes(3 * 4096 * 2 + 64);
  for (size_t size : {1, 7, 8, 9, 191, 192, 193, 383, 384, 1535, 1536, 1537, 1536 + 192 + 5, 12287,
                      12288, 12289, 12288 + 1536 + 192 + 13, 24576, 24577}) {
    const size_t start = size % 8;
    const ByteView part = ByteView(bytes).substr(start, size);
    EXPECT_EQ(GetParam()(part, 0), by_definition(part)) << size;
  }
  for (size_t size = 0; size < 300; ++size) {
    const ByteView part = ByteView(bytes).substr(3, size);
    ASSERT_EQ(GetParam()(part, 0), by_definition(part)) << size;
  }
}

TEST_P(Crc32cTest, continues_from_a_seed) {
  const std::string bytes = random_bytes(20000);
  const uint32_t whole = GetParam()(bytes, 0);
  for (size_t cut : {0, 1, 5, 100, 4096, 13000, 19999, 20000}) {
    const uint32_t first = GetParam()(ByteView(bytes).substr(0, cut), 0);
    EXPECT_EQ(GetParam()(ByteView(bytes).substr(cut), first), whole) << cut;
  }
}

}  // namespace
}  // namespace dataflow
