// Node: what every bound expression of this room is made of.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "expr/bound.h"

namespace arrow {
class Buffer;
class DataType;
}  // namespace arrow

namespace dataflow::expr {

class Node;
using NodePtr = std::shared_ptr<const Node>;
using Nodes = std::vector<NodePtr>;

class Node : public BoundExpression {
 public:
  Node(Type type, bool nullable, Nodes arguments);

  bool is_constant() const override;
  // False where a value depends on more than the arguments: the clock, the time zone.
  virtual bool is_deterministic() const { return true; }
  // Its value, if it is a literal.
  virtual const Value* literal() const { return nullptr; }
  // No row can fail, and a row costs less than to decide whether it is wanted: conditions compute
  // it for all rows.
  virtual bool is_cheap() const { return false; }

  const Nodes& arguments() const { return arguments_; }
  const std::shared_ptr<arrow::DataType>& layout() const { return layout_; }

 protected:
  bool arguments_are_cheap() const;

 private:
  Nodes arguments_;
  std::shared_ptr<arrow::DataType> layout_;
};

// An argument's values: a column, or for a literal a column of one row that stands for all.
struct Input {
  ColumnPtr column;
  bool constant = false;
};
Result<Input> input_of(const Node& argument, const Batch& batch, const Selection& selection,
                       EvalContext& context);

NodePtr make_literal(Value value);
NodePtr make_column(size_t index, const Field& field);

// node.evaluate(), and kTooLarge where memory ends: limits on rows and batches should come before.
Result<ColumnPtr> evaluate_in_memory(const Node& node, const Batch& batch,
                                     const Selection& selection, EvalContext& context);

// The node as a literal where that is possible now; a failing one stays, to fail at each row.
NodePtr folded(NodePtr node);

// Faults of a batch are kept once a row, the first one, in the order of rows.
void settle_faults(EvalContext& context, size_t from);

}  // namespace dataflow::expr
