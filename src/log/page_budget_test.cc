#include "page_budget.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace dataflow::log {
namespace {

constexpr uint64_t kMiB = 1 << 20;
using Ranges = std::vector<std::pair<uint64_t, uint64_t>>;

// Notes what it is told to forget.
class NotingFile final : public File {
 public:
  explicit NotingFile(Ranges& forgotten) : forgotten_(forgotten) {}
  Result<size_t> read_at(uint64_t, std::span<char>) override { return size_t{0}; }
  Status write_at(uint64_t, std::string_view) override { return {}; }
  Status write_parts_at(uint64_t, std::span<const std::string_view>) override { return {}; }
  Status sync() override { return {}; }
  Status truncate(uint64_t) override { return {}; }
  Result<uint64_t> size() override { return uint64_t{0}; }
  void forget_cached(uint64_t from, uint64_t to) override { forgotten_.emplace_back(from, to); }

 private:
  Ranges& forgotten_;
};

TEST(PageBudgetTest, gives_back_the_oldest_ranges_beyond_the_budget) {
  Ranges one, two;
  auto a = std::make_shared<NotingFile>(one), b = std::make_shared<NotingFile>(two);
  PageBudget budget(3 * kMiB);
  budget.note_synced(a, 0, kMiB);
  budget.note_synced(b, 0, 2 * kMiB);
  EXPECT_TRUE(one.empty() && two.empty());
  budget.note_synced(b, 2 * kMiB, 3 * kMiB);
  EXPECT_EQ(one, (Ranges{{0, kMiB}}));
  budget.note_synced(a, kMiB, 2 * kMiB);
  EXPECT_EQ(two, (Ranges{{0, 2 * kMiB}}));
}

TEST(PageBudgetTest, what_was_written_last_stays_even_if_it_is_larger_than_the_budget) {
  Ranges gone;
  auto file = std::make_shared<NotingFile>(gone);
  PageBudget budget(kMiB);
  budget.note_synced(file, 0, 5 * kMiB);
  EXPECT_TRUE(gone.empty());
  budget.note_synced(file, 5 * kMiB, 6 * kMiB);
  EXPECT_EQ(gone, (Ranges{{0, 5 * kMiB}}));
}

TEST(PageBudgetTest, a_budget_of_nothing_leaves_all_to_the_kernel) {
  Ranges gone;
  auto file = std::make_shared<NotingFile>(gone);
  PageBudget budget(0);
  for (uint64_t i = 0; i < 100; ++i) budget.note_synced(file, i * kMiB, (i + 1) * kMiB);
  EXPECT_TRUE(gone.empty());
}

TEST(PageBudgetTest, a_deleted_file_is_passed_over) {
  Ranges gone, kept;
  auto file = std::make_shared<NotingFile>(gone), other = std::make_shared<NotingFile>(kept);
  PageBudget budget(kMiB);
  budget.note_synced(file, 0, kMiB);
  file.reset();
  budget.note_synced(other, 0, kMiB);
  EXPECT_TRUE(gone.empty() && kept.empty());
  budget.note_synced(other, kMiB, 2 * kMiB);
  EXPECT_EQ(kept, (Ranges{{0, kMiB}}));
}

TEST(PageTailTest, small_writes_are_gathered_and_a_sealed_file_is_told_to_its_end) {
  Ranges gone;
  auto file = std::make_shared<NotingFile>(gone);
  PageBudget budget(1);
  PageTail tail(budget);
  for (uint64_t end = 1000; end < kMiB; end += 1000) tail.note_synced(file, end, false);
  tail.note_synced(file, kMiB + 5, false);
  tail.note_synced(file, kMiB + 500, false);
  EXPECT_TRUE(gone.empty());
  tail.note_synced(file, kMiB + 700, true);
  EXPECT_EQ(gone, (Ranges{{0, kMiB + 5}}));
}

TEST(PageTailTest, a_new_segment_begins_at_its_first_byte) {
  Ranges one, two;
  auto a = std::make_shared<NotingFile>(one), b = std::make_shared<NotingFile>(two);
  PageBudget budget(1);
  PageTail tail(budget);
  tail.note_synced(a, 2 * kMiB, false);
  tail.note_synced(a, 2 * kMiB + 1, true);
  tail.note_synced(b, kMiB, false);
  tail.note_synced(b, 2 * kMiB, false);
  EXPECT_EQ(one, (Ranges{{0, 2 * kMiB}, {2 * kMiB, 2 * kMiB + 1}}));
  EXPECT_EQ(two, (Ranges{{0, kMiB}}));
}

}  // namespace
}  // namespace dataflow::log
