// The sketches beneath APPROX_COUNT_DISTINCT and APPROX_PERCENTILE: their errors, merging, and that
// what is no sketch is told.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "base/hash.h"
#include "distinct_sketch.h"
#include "quantile_digest.h"

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;

// Five standard deviations: a right sketch is beyond them once in two million times.
constexpr double kDistinctError = 5 * 0.0081;
// In places: four steps of the scale.
constexpr double place_error(double place) {
  return 4 * 4 * std::sqrt(place * (1 - place)) / 200 + 1e-4;
}

std::string sketch_of(uint64_t from, uint64_t to) {
  std::string sketch;
  for (uint64_t i = from; i < to; ++i) add_to_sketch(sketch, hash64(i));
  return sketch;
}

TEST(DistinctSketch, IsExactForFewValuesAndNearForMany) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  EXPECT_EQ(*estimate_of(""), 0);
  EXPECT_EQ(*estimate_of(sketch_of(seed, seed + 1)), 1);
  EXPECT_EQ(*estimate_of(sketch_of(seed, seed + 1024)), 1024);
  for (const uint64_t count : {1025UL, 5000UL, 30'000UL, 60'000UL, 100'000UL, 1'000'000UL}) {
    const auto found = static_cast<double>(*estimate_of(sketch_of(seed, seed + count)));
    EXPECT_NEAR(found / static_cast<double>(count), 1, kDistinctError) << count;
  }
}

TEST(DistinctSketch, IsThatOfTheSetWhateverTheOrder) {
  Random random(std::random_device{}());
  for (const uint64_t count : {10UL, 1024UL, 1025UL, 20'000UL}) {
    std::vector<uint64_t> values(count);
    for (uint64_t& value : values) value = random();
    std::string whole, twice, left, right;
    for (const uint64_t value : values) add_to_sketch(whole, value);
    std::ranges::shuffle(values, random);
    for (const uint64_t value : values) {
      add_to_sketch(twice, value);
      add_to_sketch(random() % 4 == 0 ? left : right, value);
      add_to_sketch(random() % 2 == 0 ? left : right, value);
      add_to_sketch(twice, value);
    }
    std::string other = right;
    ASSERT_TRUE(merge_sketches(other, left).ok());
    ASSERT_TRUE(merge_sketches(left, right).ok());
    EXPECT_EQ(twice, whole);
    EXPECT_EQ(left, whole);
    EXPECT_EQ(other, whole);
  }
}

TEST(DistinctSketch, WhatIsNoneIsTold) {
  EXPECT_FALSE(estimate_of("x").ok());
  EXPECT_FALSE(estimate_of(std::string("\2\0", 2)).ok());
  EXPECT_FALSE(estimate_of(std::string("\1\0abc", 5)).ok());
  EXPECT_FALSE(estimate_of(std::string("\1\1abc", 5)).ok());
  std::string into;
  EXPECT_FALSE(merge_sketches(into, std::string("\1\1abc", 5)).ok());
}

// Where the value lies among those, from 0 to 1.
double place_in(const std::vector<double>& sorted, double value) {
  const auto at = std::ranges::lower_bound(sorted, value);
  return static_cast<double>(at - sorted.begin()) / static_cast<double>(sorted.size());
}

void expect_near(const std::string& digest, std::vector<double> values) {
  std::ranges::sort(values);
  EXPECT_EQ(**quantile_of(digest, 0), values.front());
  EXPECT_EQ(**quantile_of(digest, 1), values.back());
  double before = values.front();
  for (const double place : {0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999}) {
    const double found = **quantile_of(digest, place);
    EXPECT_NEAR(place_in(values, found), place, place_error(place)) << place;
    EXPECT_LE(before, found);
    before = found;
  }
}

TEST(QuantileDigest, IsExactForFewValues) {
  std::string digest;
  EXPECT_FALSE(quantile_of(digest, 0.5)->has_value());
  for (const double value : {30.0, 10.0, std::nan(""), 20.0, 40.0}) add_to_digest(digest, value);
  EXPECT_EQ(**quantile_of(digest, 0), 10);
  EXPECT_EQ(**quantile_of(digest, 0.5), 25);
  EXPECT_EQ(**quantile_of(digest, 0.25), 17.5);
  EXPECT_EQ(**quantile_of(digest, 1), 40);
  add_to_digest(digest, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(**quantile_of(digest, 0), -std::numeric_limits<double>::infinity());
}

TEST(QuantileDigest, IsNearForManyOfAnyDistribution) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  std::uniform_real_distribution<double> even(-5, 5);
  std::lognormal_distribution<double> skewed(0, 2);
  for (int kind = 0; kind < 4; ++kind) {
    SCOPED_TRACE("kind " + std::to_string(kind));
    std::vector<double> values(50'000);
    for (double& value : values) value = kind == 0 ? even(random) : skewed(random);
    if (kind == 2) std::ranges::sort(values);
    if (kind == 3) std::ranges::sort(values, std::greater());
    std::string digest;
    for (const double value : values) add_to_digest(digest, value);
    EXPECT_LT(digest.size(), 12'000U);
    expect_near(digest, values);
  }
}

TEST(QuantileDigest, MergedOnesAreNearToo) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  std::normal_distribution<double> normal(100, 15);
  std::vector<double> values;
  std::string digest, few;
  for (const size_t count : {3UL, 700UL, 1UL, 20'000UL, 511UL, 513UL, 5000UL}) {
    std::string part;
    for (size_t i = 0; i < count; ++i) {
      values.push_back(normal(random));
      add_to_digest(part, values.back());
    }
    ASSERT_TRUE(merge_digests(digest, part).ok());
    ASSERT_TRUE(merge_digests(few, "").ok());
  }
  EXPECT_TRUE(few.empty());
  expect_near(digest, values);
}

TEST(QuantileDigest, WhatIsNoneIsTold) {
  EXPECT_FALSE(quantile_of("x", 0.5).ok());
  EXPECT_FALSE(quantile_of(std::string("\1\0\0\0\0abc", 8), 0.5).ok());
  EXPECT_FALSE(quantile_of(std::string("\1\1\0\0\0", 5), 0.5).ok());
}

}  // namespace
}  // namespace dataflow::engine
