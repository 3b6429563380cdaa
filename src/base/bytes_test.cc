#include "base/bytes.h"

#include <gtest/gtest.h>

namespace dataflow {
namespace {

TEST(BytesTest, stores_in_the_named_order_at_any_alignment) {
  char raw[9] = {};
  store_be16(raw + 1, 0x8102);
  EXPECT_EQ(std::string(raw + 1, 2), "\x81\x02");
  EXPECT_EQ(load_be16(raw + 1), 0x8102);
  EXPECT_EQ(load_le16(raw + 1), 0x0281);
  store_be32(raw + 1, 0x81020304);
  EXPECT_EQ(std::string(raw + 1, 4), "\x81\x02\x03\x04");
  EXPECT_EQ(load_be32(raw + 1), 0x81020304);
  EXPECT_EQ(load_le32(raw + 1), 0x04030281u);
  store_be64(raw + 1, 0x8102030405060708);
  EXPECT_EQ(std::string(raw + 1, 8), "\x81\x02\x03\x04\x05\x06\x07\x08");
  EXPECT_EQ(load_be64(raw + 1), 0x8102030405060708);
  EXPECT_EQ(load_le64(raw + 1), 0x0807060504030281u);
}

TEST(BytesTest, appends_and_stores_little_endian) {
  std::string bytes;
  append_be16(bytes, 0x0102);
  append_be32(bytes, 0x03040506);
  append_be64(bytes, 0x0708090a0b0c0d0e);
  EXPECT_EQ(bytes, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e");
  bytes.clear();
  append_le16(bytes, 0x0102);
  append_le32(bytes, 0x03040506);
  append_le64(bytes, 0x0708090a0b0c0d0e);
  EXPECT_EQ(bytes, "\x02\x01\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07");
  char raw[14];
  store_le16(raw, 0x0102);
  store_le32(raw + 2, 0x03040506);
  store_le64(raw + 6, 0x0708090a0b0c0d0e);
  EXPECT_EQ(std::string(raw, sizeof raw), bytes);
}

}  // namespace
}  // namespace dataflow
