#include "expr/bound.h"
#include "faulty_rows.h"
#include "operators.h"

namespace dataflow::engine {
namespace {

class ProjectOperator final : public Operator {
 public:
  ProjectOperator(std::vector<expr::BoundPtr> columns, SchemaPtr schema)
      : columns_(std::move(columns)), schema_(std::move(schema)) {}

  Status open(OperatorContext& context) override {
    context_ = &context;
    return {};
  }

  Status on_batch(size_t /*input*/, const Batch& batch, Collector& out) override {
    eval_.now_millis = context_->now_millis();
    eval_.faults.clear();
    Batch made{schema_, batch.rows, {}, batch.kinds, batch.origins};
    for (const expr::BoundPtr& column : columns_) {
      DF_ASSIGN_OR_RETURN(ColumnPtr values, column->evaluate(batch, {}, eval_));
      made.columns.push_back(std::move(values));
    }
    if (eval_.faults.empty()) return out.emit(std::move(made));
    DF_RETURN_IF_ERROR(send_faults(*context_, batch, eval_.faults));
    const std::vector<int32_t> rows = without_faults({}, eval_.faults, batch.rows);
    if (rows.empty()) return {};
    DF_ASSIGN_OR_RETURN(Batch kept, take(made, rows));
    return out.emit(std::move(kept));
  }

 private:
  const std::vector<expr::BoundPtr> columns_;
  const SchemaPtr schema_;
  OperatorContext* context_ = nullptr;
  expr::EvalContext eval_;
};

class UnionOperator final : public Operator {
 public:
  explicit UnionOperator(SchemaPtr schema) : schema_(std::move(schema)) {}
  Status on_batch(size_t /*input*/, const Batch& batch, Collector& out) override {
    Batch same = batch;
    same.schema = schema_;
    return out.emit(std::move(same));
  }

 private:
  const SchemaPtr schema_;
};

}  // namespace

Result<std::unique_ptr<Operator>> make_project(const plan::ProjectSpec& spec, const Schema& input,
                                               SchemaPtr output) {
  std::vector<expr::BoundPtr> columns;
  for (const plan::NamedExpression& column : spec.columns) {
    DF_ASSIGN_OR_RETURN(expr::BoundPtr bound, expr::bind(column.expression, input));
    columns.push_back(std::move(bound));
  }
  return std::unique_ptr<Operator>(
      std::make_unique<ProjectOperator>(std::move(columns), std::move(output)));
}

std::unique_ptr<Operator> make_union(SchemaPtr output) {
  return std::make_unique<UnionOperator>(std::move(output));
}

}  // namespace dataflow::engine
