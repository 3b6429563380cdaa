#include "base/floor_div.h"

#include <gtest/gtest.h>

namespace dataflow {
namespace {

TEST(FloorDivTest, rounds_down_on_both_sides_of_zero) {
  EXPECT_EQ(floor_div(7, 3), 2);
  EXPECT_EQ(floor_div(-7, 3), -3);
  EXPECT_EQ(floor_div(7, -3), -3);
  EXPECT_EQ(floor_div(-6, 3), -2);
  EXPECT_EQ(floor_div(INT64_MIN, 1), INT64_MIN);
  EXPECT_EQ(floor_mod(-7, 3), 2);
  EXPECT_EQ(floor_mod(-6, 3), 0);
  EXPECT_EQ(floor_mod(7, -3), -2);
}

}  // namespace
}  // namespace dataflow
