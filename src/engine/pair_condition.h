// PairCondition: candidates of a join, as columns of both sides, and which of them are true.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "engine/operator.h"
#include "expr/bound.h"
#include "row_codec.h"
#include "types/batch.h"

namespace dataflow::engine {

class PairCondition {
 public:
  // `both` names the columns of both sides, the left ones first; without a condition all pairs are
  // true.
  static Result<PairCondition> make(const expr::ExpressionPtr& condition, SchemaPtr both);

  bool always_true() const { return condition_ == nullptr; }
  // Of the candidates left[i], right[i]: those that are true, rising. Pairs that cannot be told are
  // not, and go to the dead letters.
  Status choose(OperatorContext& context, const RowCodec& left_codec,
                std::span<const std::string_view> left, const RowCodec& right_codec,
                std::span<const std::string_view> right);
  // The same where all are true and their columns are not asked for.
  void choose_all(size_t pairs);
  const std::vector<int32_t>& chosen() const { return chosen_; }
  // The chosen pairs, under another schema of the same columns.
  Result<Batch> take_chosen(SchemaPtr schema);

 private:
  PairCondition(expr::BoundPtr condition, SchemaPtr both)
      : condition_(std::move(condition)), both_(std::move(both)) {}

  expr::BoundPtr condition_;
  SchemaPtr both_;
  expr::EvalContext eval_;
  Batch pairs_;
  std::vector<int32_t> chosen_;
};

}  // namespace dataflow::engine
