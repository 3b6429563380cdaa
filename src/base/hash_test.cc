#include "base/hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace dataflow {
namespace {

TEST(HashTest, ValuesOnDiskNeverChange) {
  EXPECT_EQ(hash64(""), 0x21828a08d2006111U);
  EXPECT_EQ(hash64("a"), 0x712b8572b9b242eeU);
  EXPECT_EQ(hash64("meeting_42"), 0xf2a61d4c235e8cc1U);
  EXPECT_EQ(hash64("the quick brown fox jumps over the lazy dog"), 0x47031310223740c4U);
  EXPECT_EQ(hash64(uint64_t{42}), 0xcc8965717b6c7ce4U);
}

TEST(HashTest, EveryByteAndTheLengthCount) {
  std::set<uint64_t> seen;
  size_t made = 0;
  for (size_t length = 0; length <= 70; ++length) {
    std::string bytes(length, '\0');
    seen.insert(hash64(bytes));
    ++made;
    for (size_t i = 0; i < length; ++i) {
      bytes[i] = '\x01';
      seen.insert(hash64(bytes));
      bytes[i] = '\0';
      ++made;
    }
  }
  EXPECT_EQ(seen.size(), made);
}

// Key groups are the top 7 bits.
TEST(HashTest, TheTopBitsSpreadShortKeys) {
  std::vector<int> groups(128);
  for (int i = 0; i < 128000; ++i) ++groups[hash64("meeting_" + std::to_string(i)) >> 57];
  for (int count : groups) {
    EXPECT_GT(count, 800);
    EXPECT_LT(count, 1200);
  }
}

}  // namespace
}  // namespace dataflow
