#include "types/partitioner.h"

#include <gtest/gtest.h>

#include <string>

namespace dataflow {
namespace {

// As Kafka's own test of its Java clients' murmur2 has them.
TEST(Partitioner, HashesAsTheJavaClientsDo) {
  EXPECT_EQ(murmur2("21"), -973932308);
  EXPECT_EQ(murmur2("foobar"), -790332482);
  EXPECT_EQ(murmur2("a-little-bit-long-string"), -985981536);
  EXPECT_EQ(murmur2("a-little-bit-longer-string"), -1486304829);
  EXPECT_EQ(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), -58897971);
  EXPECT_EQ(murmur2("abc"), 479470107);
}

TEST(Partitioner, NeverLeavesTheRange) {
  for (int i = 0; i < 1000; ++i) {
    const int32_t partition = partition_of_key(std::to_string(i), 7);
    EXPECT_GE(partition, 0);
    EXPECT_LT(partition, 7);
  }
}

}  // namespace
}  // namespace dataflow
