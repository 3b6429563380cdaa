#include "base/edit_distance.h"

#include <gtest/gtest.h>

#include <vector>

namespace dataflow {
namespace {

TEST(EditDistanceTest, counts_the_edits) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("", "ab"), 2u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("segment", "segmetn"), 1u);
  EXPECT_EQ(edit_distance("ca", "abc"), 3u);
  EXPECT_EQ(edit_distance("same", "same"), 0u);
}

TEST(EditDistanceTest, suggests_the_nearest_name_or_none) {
  const std::vector<std::string> names = {"log.segment.bytes", "log.segment.ms", "data.dir"};
  EXPECT_EQ(nearest_name("log.segmnt.bytes", names), "log.segment.bytes");
  EXPECT_EQ(nearest_name("LOG.SEGMENT.MSS", names), "log.segment.ms");
  EXPECT_EQ(nearest_name("datadir", names), "data.dir");
  EXPECT_EQ(nearest_name("frobnicate", names), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100000, 'x'), names), std::nullopt);
  EXPECT_EQ(nearest_name("x", {}), std::nullopt);
  const std::vector<std::string> letters = {"a", "id"};
  EXPECT_EQ(nearest_name("b", letters), std::nullopt);
  EXPECT_EQ(nearest_name("A", letters), "a");
  EXPECT_EQ(nearest_name("ie", letters), "id");
  EXPECT_EQ(suggestion("data.dri", names), "; did you mean \"data.dir\"?");
  EXPECT_EQ(suggestion("frobnicate", names), "");
}

}  // namespace
}  // namespace dataflow
