#include "node.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <new>
#include <stdexcept>

#include "columns.h"

namespace dataflow::expr {

Node::Node(Type type, bool nullable, Nodes arguments)
    : BoundExpression(std::move(type), nullable),
      arguments_(std::move(arguments)),
      layout_(arrow_type(this->type())) {}

bool Node::is_constant() const {
  return is_deterministic() &&
         std::all_of(arguments_.begin(), arguments_.end(),
                     [](const NodePtr& argument) { return argument->is_constant(); });
}

bool Node::arguments_are_cheap() const {
  return std::all_of(arguments_.begin(), arguments_.end(),
                     [](const NodePtr& argument) { return argument->is_cheap(); });
}

namespace {

class LiteralNode final : public Node {
 public:
  LiteralNode(Value value, ColumnPtr one_row)
      : Node(value.type(), value.is_null(), {}),
        value_(std::move(value)),
        one_row_(std::move(one_row)) {}

  const Value* literal() const override { return &value_; }
  bool is_cheap() const override { return true; }
  const ColumnPtr& one_row() const { return one_row_; }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection&, EvalContext&) const override {
    if (value_.is_null()) return all_null(layout(), batch.rows);
    if (batch.rows > 0 && arrow::util::TotalBufferSize(*one_row_) > INT32_MAX / batch.rows) {
      return Status::too_large("a constant for each row of one batch takes over 2 GiB");
    }
    auto scalar = one_row_->GetScalar(0);
    if (!scalar.ok()) return Status::internal("a literal: " + scalar.status().ToString());
    auto column = arrow::MakeArrayFromScalar(**scalar, batch.rows);
    if (!column.ok()) return Status::internal("a literal: " + column.status().ToString());
    return ColumnPtr(std::move(column).ValueUnsafe());
  }

 private:
  Value value_;
  ColumnPtr one_row_;
};

class ColumnNode final : public Node {
 public:
  ColumnNode(size_t index, const Field& field)
      : Node(field.type, field.nullable, {}), index_(index) {}

  bool is_constant() const override { return false; }
  bool is_cheap() const override { return true; }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection&, EvalContext&) const override {
    return batch.columns[index_];
  }

 private:
  size_t index_;
};

// A literal whose column cannot be made is a bug of `types`; it fails where it is used.
ColumnPtr one_row_of(const Value& value) {
  if (!value.is_null()) {
    Result<ColumnPtr> column = column_of(value.type(), {value});
    if (column.ok()) return *column;
  }
  Result<ColumnPtr> null = all_null(arrow_type(value.type()), 1);
  return null.ok() ? *null : nullptr;
}

}  // namespace

Result<Input> input_of(const Node& argument, const Batch& batch, const Selection& selection,
                       EvalContext& context) {
  if (argument.literal() != nullptr) {
    return Input{static_cast<const LiteralNode&>(argument).one_row(), true};
  }
  DF_ASSIGN_OR_RETURN(ColumnPtr column, argument.evaluate(batch, selection, context));
  return Input{std::move(column), false};
}

NodePtr make_literal(Value value) {
  ColumnPtr one_row = one_row_of(value);
  return std::make_shared<LiteralNode>(std::move(value), std::move(one_row));
}

NodePtr make_column(size_t index, const Field& field) {
  return std::make_shared<ColumnNode>(index, field);
}

Result<ColumnPtr> evaluate_in_memory(const Node& node, const Batch& batch,
                                     const Selection& selection, EvalContext& context) {
  try {
    return node.evaluate(batch, selection, context);
  } catch (const std::bad_alloc&) {
    return Status::too_large("an expression's values need more memory than there is");
  } catch (const std::length_error&) {
    return Status::too_large("an expression's value is longer than a text can be");
  }
}

NodePtr folded(NodePtr node) {
  if (node->literal() != nullptr || !node->is_constant()) return node;
  static const SchemaPtr kNoColumns = std::make_shared<const Schema>();
  Batch one_row;
  one_row.schema = kNoColumns;
  one_row.rows = 1;
  EvalContext context;
  Result<ColumnPtr> column = evaluate_in_memory(*node, one_row, Selection(), context);
  if (!column.ok() || !context.faults.empty()) return node;
  if ((*column)->IsNull(0)) return make_literal(Value::null(node->type()));
  return make_literal(value_at(node->type(), **column, 0));
}

void settle_faults(EvalContext& context, size_t from) {
  std::vector<RowFault>& faults = context.faults;
  if (faults.size() == from || faults.size() < 2) return;
  std::stable_sort(faults.begin(), faults.end(),
                   [](const RowFault& a, const RowFault& b) { return a.row < b.row; });
  faults.erase(std::unique(faults.begin(), faults.end(),
                           [](const RowFault& a, const RowFault& b) { return a.row == b.row; }),
               faults.end());
}

}  // namespace dataflow::expr
