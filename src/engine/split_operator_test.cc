#include <gtest/gtest.h>

#include <random>

#include "operator_bed.h"
#include "operators.h"

namespace dataflow::engine {
namespace {

const SchemaPtr kSchema =
    std::make_shared<Schema>(std::vector<Field>{{"k", Type::string()}, {"v", Type::int64()}});

plan::SplitSpec split(const std::vector<std::pair<std::string, std::string>>& branches) {
  plan::SplitSpec spec;
  for (const auto& [name, text] : branches) {
    spec.branches.push_back({name, *expr::parse_expression(text)});
  }
  return spec;
}

class SplitBed {
 public:
  explicit SplitBed(const plan::SplitSpec& spec, std::vector<bool> is_read)
      : bed_([spec, is_read] { return make_split(spec, *kSchema, is_read); }, {}) {
    EXPECT_TRUE(bed_.start(1).ok());
  }
  void add(const std::vector<int64_t>& values,
           std::shared_ptr<const std::vector<RowKind>> kinds = nullptr) {
    std::vector<std::vector<Value>> rows;
    for (const int64_t v : values) {
      rows.push_back(
          {Value::string("k"), v == kNull ? Value::null(Type::int64()) : Value::int64(v)});
    }
    Batch batch = *batch_of(kSchema, rows);
    batch.kinds = std::move(kinds);
    const Status added = bed_.batch(batch);
    EXPECT_TRUE(added.ok()) << added;
  }
  // "+I1 +I2"
  std::string out(size_t output) {
    std::string all;
    for (const std::string& row : bed_.rows(output)) {
      const size_t at = row.find("v=") + 2;
      all += (all.empty() ? "" : " ") + row.substr(0, 2) + row.substr(at, row.size() - at - 1);
    }
    return all;
  }
  const std::vector<std::string>& dead() const { return bed_.dead(); }

  static constexpr int64_t kNull = INT64_MIN;

 private:
  OperatorBed bed_;
};

TEST(SplitOperatorTest, ARowLeavesByTheFirstTrueBranch) {
  SplitBed bed(split({{"big", "v > 10"}, {"odd", "v % 2 = 1"}}), {true, true, true});
  bed.add({1, 2, 11, 12, 3, SplitBed::kNull, 4});
  EXPECT_EQ(bed.out(0), "+I11 +I12");
  EXPECT_EQ(bed.out(1), "+I1 +I3");
  EXPECT_EQ(bed.out(2), "+I2 +INULL +I4");
  bed.add({20, 30});  // a whole batch by one branch
  EXPECT_EQ(bed.out(0), "+I11 +I12 +I20 +I30");
  EXPECT_TRUE(bed.dead().empty());
}

TEST(SplitOperatorTest, RowsOfUnreadBranchesEndThere) {
  SplitBed bed(split({{"big", "v > 10"}, {"odd", "v % 2 = 1"}}), {false, true, false});
  bed.add({1, 2, 11, 12, 3});
  EXPECT_EQ(bed.out(0), "");
  EXPECT_EQ(bed.out(1), "+I1 +I3");
  EXPECT_EQ(bed.out(2), "");
}

TEST(SplitOperatorTest, ARowWhoseConditionFaultsIsADeadLetterOnce) {
  SplitBed bed(split({{"small", "v < 0"}, {"third", "100 / v > 30"}, {"tenth", "100 / v > 5"}}),
               {true, true, true, true});
  bed.add({-1, 0, 3, 10, 1000});
  EXPECT_EQ(bed.out(0), "+I-1");  // by the first branch, before the faulting one is asked
  EXPECT_EQ(bed.out(1), "+I3");
  EXPECT_EQ(bed.out(2), "+I10");
  EXPECT_EQ(bed.out(3), "+I1000");
  ASSERT_EQ(bed.dead().size(), 1U);
  EXPECT_NE(bed.dead()[0].find("v=0"), std::string::npos);
}

TEST(SplitOperatorTest, ChangesKeepTheirKind) {
  SplitBed bed(split({{"big", "v > 10"}}), {true, true});
  bed.add({5, 5, 20}, std::make_shared<std::vector<RowKind>>(std::vector<RowKind>{
                          RowKind::kInsert, RowKind::kUpdateBefore, RowKind::kUpdateAfter}));
  EXPECT_EQ(bed.out(0), "+U20");
  EXPECT_EQ(bed.out(1), "+I5 -U5");
}

// Against each row alone.
TEST(SplitOperatorTest, RandomRowsAreSplitAsOneByOne) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const plan::SplitSpec spec =
      split({{"a", "v % 3 = 0"}, {"b", "10 / (v % 5) > 0"}, {"c", "v > 50"}, {"d", "v % 2 = 0"}});
  for (int round = 0; round < 20; ++round) {
    SplitBed whole(spec, {true, true, true, true, true});
    SplitBed alone(spec, {true, true, true, true, true});
    std::vector<int64_t> values;
    for (uint64_t i = random() % 60; i > 0; --i) {
      values.push_back(random() % 9 == 0 ? SplitBed::kNull : static_cast<int64_t>(random() % 100));
    }
    if (!values.empty()) whole.add(values);
    for (const int64_t value : values) alone.add({value});
    for (size_t output = 0; output < 5; ++output) EXPECT_EQ(whole.out(output), alone.out(output));
    EXPECT_EQ(whole.dead(), alone.dead());
  }
}

}  // namespace
}  // namespace dataflow::engine
