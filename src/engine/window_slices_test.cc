#include "window_slices.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace dataflow::engine {
namespace {

plan::WindowSpec spec_of(plan::WindowKind kind, int64_t size, int64_t slide, int64_t offset) {
  plan::WindowSpec spec;
  spec.kind = kind;
  spec.size_ms = size;
  spec.slide_ms = slide;
  spec.offset_ms = offset;
  return spec;
}

// Every window of the kind near 0, as its definition says.
std::vector<WindowBounds> windows_of(const plan::WindowSpec& spec) {
  std::vector<WindowBounds> windows;
  const int64_t slide = spec.kind == plan::WindowKind::kTumbling ? spec.size_ms : spec.slide_ms;
  for (int64_t k = -60; k <= 60; ++k) {
    if (spec.kind != plan::WindowKind::kCumulative) {
      const int64_t start = k * slide + spec.offset_ms;
      windows.push_back({start, start + spec.size_ms});
      continue;
    }
    const int64_t start = k * spec.size_ms + spec.offset_ms;
    for (int64_t end = slide; end <= spec.size_ms; end += slide) {
      windows.push_back({start, start + end});
    }
  }
  return windows;
}

std::set<int64_t> ends_of_windows_at(const std::vector<WindowBounds>& windows, int64_t time) {
  std::set<int64_t> ends;
  for (const WindowBounds& window : windows) {
    if (window.start_ms <= time && time < window.end_ms) ends.insert(window.end_ms);
  }
  return ends;
}

void expect_slices_of_the_definition(const plan::WindowSpec& spec) {
  const Slices slices(spec);
  const std::vector<WindowBounds> windows = windows_of(spec);
  for (int64_t time = -25; time <= 25; ++time) {
    const Slices::Slice slice = slices.slice_at(time);
    ASSERT_LE(slice.start, time);
    ASSERT_GT(slice.end, time);
    const std::set<int64_t> expected = ends_of_windows_at(windows, time);
    ASSERT_EQ(slice.in_window, !expected.empty()) << "at " << time;
    // All of a slice is in the same windows.
    ASSERT_EQ(ends_of_windows_at(windows, slice.start), expected) << "at " << time;
    ASSERT_EQ(ends_of_windows_at(windows, slice.end - 1), expected) << "at " << time;
    if (!slice.in_window) continue;
    std::set<int64_t> ends;
    for (int64_t end = slices.first_window(slice.end); end <= slices.last_window(slice.end);
         end = slices.window_behind(end)) {
      ends.insert(end);
      ASSERT_LE(slices.window_start(end), slice.start);
      ASSERT_GT(slices.last_window(slice.end), slices.slices_over_at(end));
    }
    ASSERT_EQ(ends, expected) << "at " << time;
  }
}

TEST(Slices, OfAWindowAreThoseThatItsDefinitionHolds) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto one_to = [&](int64_t most) {
    return 1 + static_cast<int64_t>(random() % static_cast<uint64_t>(most));
  };
  for (int i = 0; i < 50; ++i) {
    const int64_t size = one_to(12);
    const int64_t slide = one_to(16);
    const int64_t offset = one_to(2 * slide - 1) - slide;
    SCOPED_TRACE("size " + std::to_string(size) + ", slide " + std::to_string(slide) + ", offset " +
                 std::to_string(offset));
    expect_slices_of_the_definition(spec_of(plan::WindowKind::kHopping, size, slide, offset));
    expect_slices_of_the_definition(spec_of(plan::WindowKind::kTumbling, slide, 0, offset));
    const int64_t steps = one_to(5);
    expect_slices_of_the_definition(
        spec_of(plan::WindowKind::kCumulative, slide * steps, slide, offset));
  }
}

TEST(Slices, ABlockIsTheSameForTheWindowsThatBeginInIt) {
  for (const int64_t size : {40, 43}) {
    const Slices slices(spec_of(plan::WindowKind::kHopping, size, 10, 3));
    int64_t blocks = 0;
    for (int64_t end = slices.window_behind(-500); end < 500; end = slices.window_behind(end)) {
      const WindowBounds block = slices.block_of(end);
      ASSERT_EQ(block.end_ms - block.start_ms, size);
      ASSERT_GE(end - size, block.start_ms);
      ASSERT_LT(end - size, block.end_ms);
      ASSERT_EQ(slices.block_of(block.end_ms).start_ms, block.start_ms);
      if (slices.block_of(slices.window_behind(end)).start_ms != block.start_ms) ++blocks;
    }
    EXPECT_NEAR(static_cast<double>(blocks), 100.0 / static_cast<double>(slices.slides()), 1);
  }
}

TEST(Slices, AreAtMostTwoForEachSlide) {
  const Slices slices(spec_of(plan::WindowKind::kHopping, 60'001, 60'000, 0));
  EXPECT_EQ(slices.slice_at(0).end, 1);
  EXPECT_EQ(slices.slice_at(1).end, 60'000);
  EXPECT_EQ(slices.slice_at(59'999).end, 60'000);
}

}  // namespace
}  // namespace dataflow::engine
