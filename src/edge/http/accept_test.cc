#include "accept.h"

#include <gtest/gtest.h>

#include <array>

namespace dataflow::http {
namespace {

constexpr std::array<std::string_view, 3> kTypes = {"application/json", "text/csv",
                                                    "application/arrow"};

std::string_view best(std::string_view accept) {
  const std::optional<size_t> found = best_accepted(accept, kTypes);
  return found ? kTypes[*found] : "none";
}

TEST(AcceptTest, TheHighestQualityIsTaken) {
  EXPECT_EQ(best("application/json;q=0.5, text/csv;q=0.8"), "text/csv");
  EXPECT_EQ(best("text/csv ; header=present ; Q=0.2 , application/json;q=0.3"), "application/json");
  EXPECT_EQ(best("text/csv;q=0.1, */*;q=0.2"), "application/json");
  EXPECT_EQ(best("text/csv;q=0.3, */*;q=0.2"), "text/csv");
  EXPECT_EQ(best("text/html, application/xml;q=0.9, */*;q=0.8"), "application/json");
}

TEST(AcceptTest, BetweenEqualsTheNearerAndThenTheFirstOneIs) {
  EXPECT_EQ(best(""), "application/json");
  EXPECT_EQ(best("*/*"), "application/json");
  EXPECT_EQ(best("TEXT/*"), "text/csv");
  EXPECT_EQ(best("application/*"), "application/json");
  EXPECT_EQ(best("*/*, text/csv"), "text/csv");
  EXPECT_EQ(best("application/arrow, text/csv"), "application/arrow");
  EXPECT_EQ(best("text/csv, application/arrow"), "text/csv");
}

TEST(AcceptTest, WhatIsRefusedIsNotGiven) {
  EXPECT_EQ(best("text/html"), "none");
  EXPECT_EQ(best("application/json;q=0"), "none");
  EXPECT_EQ(best("application/json;q=0, */*"), "text/csv");
  EXPECT_EQ(best("application/json;q=0.000, text/csv;q=0, *;q=1, application/arrow;q=0.001"),
            "application/arrow");
  EXPECT_EQ(best(",;,q=1,/*,"), "none");
}

}  // namespace
}  // namespace dataflow::http
