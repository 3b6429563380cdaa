// Random expressions over random batches and selections, held against an evaluator that computes
// one Value at a time.
#include <gtest/gtest.h>

#include "oracle.h"
#include "test_rows.h"

namespace dataflow::expr {
namespace {

void compare_once(Random& random) {
  ExpressionMaker maker(random);
  int64_t kind = below(random, 5);
  ExpressionPtr expression = kind == 0   ? maker.number(4)
                             : kind == 1 ? maker.condition(4)
                             : kind == 2 ? maker.text(3)
                             : kind == 3 ? maker.list(4)
                                         : maker.map(3);
  Batch batch = random_batch(random);
  Selection selection;
  if (below(random, 2) == 0) {
    selection.all = false;
    for (int32_t row = 0; row < batch.rows; ++row) {
      if (below(random, 3) == 0) selection.rows.push_back(row);
    }
  }
  Evaluated got = evaluate_text(expression->to_string(), batch, selection);
  ASSERT_TRUE(got.status.ok()) << expression->to_string() << ": " << got.status;
  size_t fault = 0;
  for (size_t i = 0; i < got.values.size(); ++i) {
    int64_t row = selection.all ? static_cast<int64_t>(i) : selection.rows[i];
    Outcome want = Oracle(batch, row).of(*expression);
    bool failed = fault < got.faults.size() && got.faults[fault].row == row;
    fault += failed ? 1 : 0;
    ASSERT_EQ(failed, want.fault) << expression->to_string() << " at row " << row;
    if (failed) continue;
    ASSERT_EQ(got.values[i].is_null(), want.value.is_null())
        << expression->to_string() << " at row " << row;
    if (!want.value.is_null()) {
      ASSERT_EQ(got.values[i], want.value) << expression->to_string() << " at row " << row;
    }
  }
  ASSERT_EQ(fault, got.faults.size()) << expression->to_string() << ": a fault of another row";
}

TEST(EvaluationAgainstTheOracle, RandomExpressionsAgreeRowByRow) {
  uint64_t first = std::random_device()();
  for (uint64_t seed = first; seed < first + 1500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    compare_once(random);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace dataflow::expr
