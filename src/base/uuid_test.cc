#include "base/uuid.h"

#include <gtest/gtest.h>

#include <set>

#include "base/fault_env.h"

namespace dataflow {
namespace {

TEST(UuidTest, prints_and_reads_its_hexadecimal_form) {
  const std::string text = "01234567-89ab-cdef-0123-456789abcdef";
  Result<Uuid> id = Uuid::parse(text);
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(id->bytes()[0], 0x01);
  EXPECT_EQ(id->bytes()[15], 0xef);
  EXPECT_EQ(id->to_string(), text);
  EXPECT_EQ(*Uuid::parse("0123456789ABCDEF0123456789abcdef"), *id);
  EXPECT_EQ(Uuid().to_string(), "00000000-0000-0000-0000-000000000000");
  EXPECT_TRUE(Uuid().is_zero());
}

TEST(UuidTest, refuses_what_is_none) {
  for (const char* text :
       {"", "0123", "0123456789abcdef0123456789abcdeg", "01234567-89ab-cdef-0123-456789abcde-",
        "0123456-789ab-cdef-0123-456789abcdef", "0123456789abcdef0123456789abcdef0123"}) {
    EXPECT_EQ(Uuid::parse(text).status().code(), StatusCode::kInvalid) << text;
  }
}

// The same bytes through Kafka's java.util.Base64 URL encoder without padding.
TEST(UuidTest, prints_kafkas_base64_form) {
  EXPECT_EQ(Uuid().to_base64(), "AAAAAAAAAAAAAAAAAAAAAA");
  EXPECT_EQ(Uuid::parse("00000000-0000-0000-0000-000000000001")->to_base64(),
            "AAAAAAAAAAAAAAAAAAAAAQ");
  EXPECT_EQ(Uuid::parse("fbff3fff-ffff-ffff-ffff-ffffffffffff")->to_base64(),
            "-_8__________________w");
}

TEST(UuidTest, random_ids_are_version_4_and_differ) {
  FaultEnv env;
  std::set<Uuid> seen;
  for (int i = 0; i < 2000; ++i) {
    const Uuid id = Uuid::random(env);
    EXPECT_EQ(id.bytes()[6] >> 4, 4);
    EXPECT_EQ(id.bytes()[8] >> 6, 2);
    EXPECT_NE(id.to_base64()[0], '-');
    EXPECT_EQ(*Uuid::parse(id.to_string()), id);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

}  // namespace
}  // namespace dataflow
