#include <numeric>

#include "expr/bound.h"
#include "faulty_rows.h"
#include "operators.h"

namespace dataflow::engine {
namespace {

// A row is tested by each branch in turn until one is true of it; "default" is the last output.
// Rows of outputs that nobody reads are not gathered.
class SplitOperator final : public Operator {
 public:
  SplitOperator(std::vector<expr::BoundPtr> conditions, std::vector<bool> is_read)
      : conditions_(std::move(conditions)), is_read_(std::move(is_read)) {}

  Status open(OperatorContext& context) override {
    context_ = &context;
    return {};
  }

  Status on_batch(size_t /*input*/, const Batch& batch, Collector& out) override {
    eval_.now_millis = context_->now_millis();
    expr::Selection left;
    for (size_t i = 0; i < conditions_.size() && left.count(batch.rows) > 0; ++i) {
      eval_.faults.clear();
      DF_ASSIGN_OR_RETURN(expr::Selection chosen,
                          expr::select_true(*conditions_[i], batch, left, eval_));
      DF_RETURN_IF_ERROR(send_faults(*context_, batch, eval_.faults));
      if (!eval_.faults.empty()) {
        chosen = {false, without_faults(chosen, eval_.faults, batch.rows)};
        left = {false, without_faults(left, eval_.faults, batch.rows)};
      }
      DF_RETURN_IF_ERROR(send(batch, chosen, i, out));
      remove(chosen, left, batch.rows);
    }
    return send(batch, left, conditions_.size(), out);
  }

 private:
  Status send(const Batch& batch, const expr::Selection& rows, size_t output, Collector& out) {
    const int64_t count = rows.count(batch.rows);
    if (count == 0 || !is_read_[output]) return {};
    if (count == batch.rows) return out.emit(batch, output);
    DF_ASSIGN_OR_RETURN(Batch part, take(batch, rows.rows));
    return out.emit(std::move(part), output);
  }

  // Both lists rise, and all of `chosen` is in `left`.
  void remove(const expr::Selection& chosen, expr::Selection& left, int64_t rows) {
    if (chosen.count(rows) == 0) return;
    if (chosen.all) {
      left = {false, {}};
      return;
    }
    if (left.all) {
      left.rows.resize(static_cast<size_t>(rows));
      std::iota(left.rows.begin(), left.rows.end(), 0);
      left.all = false;
    }
    auto next = chosen.rows.begin();
    std::erase_if(left.rows, [&](int32_t row) {
      if (next == chosen.rows.end() || *next != row) return false;
      ++next;
      return true;
    });
  }

  const std::vector<expr::BoundPtr> conditions_;
  const std::vector<bool> is_read_;  // of each output
  OperatorContext* context_ = nullptr;
  expr::EvalContext eval_;
};

}  // namespace

Result<std::unique_ptr<Operator>> make_split(const plan::SplitSpec& spec, const Schema& input,
                                             std::vector<bool> is_read) {
  std::vector<expr::BoundPtr> conditions;
  for (const plan::SplitSpec::Branch& branch : spec.branches) {
    DF_ASSIGN_OR_RETURN(expr::BoundPtr condition, expr::bind(branch.condition, input));
    conditions.push_back(std::move(condition));
  }
  return std::unique_ptr<Operator>(
      std::make_unique<SplitOperator>(std::move(conditions), std::move(is_read)));
}

}  // namespace dataflow::engine
