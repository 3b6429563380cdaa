#include "expr/bound.h"
#include "faulty_rows.h"
#include "operators.h"

namespace dataflow::engine {
namespace {

class FilterOperator final : public Operator {
 public:
  explicit FilterOperator(expr::BoundPtr condition) : condition_(std::move(condition)) {}

  Status open(OperatorContext& context) override {
    context_ = &context;
    return {};
  }

  Status on_batch(size_t /*input*/, const Batch& batch, Collector& out) override {
    eval_.now_millis = context_->now_millis();
    eval_.faults.clear();
    DF_ASSIGN_OR_RETURN(const expr::Selection chosen,
                        expr::select_true(*condition_, batch, {}, eval_));
    DF_RETURN_IF_ERROR(send_faults(*context_, batch, eval_.faults));
    if (chosen.all && eval_.faults.empty()) return out.emit(batch);
    std::vector<int32_t> rows = without_faults(chosen, eval_.faults, batch.rows);
    if (rows.empty()) return {};
    DF_ASSIGN_OR_RETURN(Batch kept, take(batch, rows));
    return out.emit(std::move(kept));
  }

 private:
  const expr::BoundPtr condition_;
  OperatorContext* context_ = nullptr;
  expr::EvalContext eval_;
};

}  // namespace

Result<std::unique_ptr<Operator>> make_filter(const plan::FilterSpec& spec, const Schema& input) {
  DF_ASSIGN_OR_RETURN(expr::BoundPtr condition, expr::bind(spec.condition, input));
  return std::unique_ptr<Operator>(std::make_unique<FilterOperator>(std::move(condition)));
}

}  // namespace dataflow::engine
