#include "pair_condition.h"

#include <numeric>

#include "faulty_rows.h"

namespace dataflow::engine {

Result<PairCondition> PairCondition::make(const expr::ExpressionPtr& condition, SchemaPtr both) {
  expr::BoundPtr bound;
  if (condition != nullptr) {
    DF_ASSIGN_OR_RETURN(bound, expr::bind(condition, *both));
  }
  return PairCondition(std::move(bound), std::move(both));
}

void PairCondition::choose_all(size_t pairs) {
  chosen_.resize(pairs);
  std::iota(chosen_.begin(), chosen_.end(), 0);
}

Status PairCondition::choose(OperatorContext& context, const RowCodec& left_codec,
                             std::span<const std::string_view> left, const RowCodec& right_codec,
                             std::span<const std::string_view> right) {
  pairs_ = Batch{both_, static_cast<int64_t>(left.size())};
  DF_RETURN_IF_ERROR(left_codec.decode(left, pairs_.columns));
  DF_RETURN_IF_ERROR(right_codec.decode(right, pairs_.columns));
  if (condition_ == nullptr) {
    choose_all(left.size());
    return {};
  }
  eval_.now_millis = context.now_millis();
  eval_.faults.clear();
  DF_ASSIGN_OR_RETURN(const expr::Selection selection,
                      expr::select_true(*condition_, pairs_, {}, eval_));
  DF_RETURN_IF_ERROR(send_faults(context, pairs_, eval_.faults));
  chosen_ = without_faults(selection, eval_.faults, pairs_.rows);
  return {};
}

Result<Batch> PairCondition::take_chosen(SchemaPtr schema) {
  pairs_.schema = std::move(schema);
  if (std::ssize(chosen_) == pairs_.rows) return std::move(pairs_);
  return take(pairs_, chosen_);
}

}  // namespace dataflow::engine
