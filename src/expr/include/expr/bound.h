// A bound expression: types are known, functions chosen; it is executed over batches.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "expr/expression.h"
#include "types/batch.h"

namespace dataflow::expr {

// The rows at which a value is wanted: all of a batch, or a rising list of them. Rows that are not
// selected are never computed, so CASE WHEN x <> 0 THEN 1 / x END does not divide by zero.
struct Selection {
  bool all = true;
  std::vector<int32_t> rows;  // if not all

  int64_t count(int64_t of) const { return all ? of : static_cast<int64_t>(rows.size()); }
};

// State of one evaluation apart from the expression: one a task, used again.
struct EvalContext {
  int64_t now_millis = 0;         // CURRENT_TIMESTAMP, fixed for a batch
  std::string time_zone = "UTC";  // for casts between TIMESTAMP and TIMESTAMP_LTZ
  std::vector<RowFault> faults;   // rows at which it failed; each row at most once
  // How far the random numbers of an expression have come, by the node that makes them.
  std::map<const void*, uint64_t> sequences;
};

class BoundExpression {
 public:
  virtual ~BoundExpression() = default;

  const Type& type() const { return type_; }
  bool nullable() const { return nullable_; }
  // Deterministic and reading no column: may be folded.
  virtual bool is_constant() const = 0;

  // A column of batch.rows values; those at rows outside of the selection, and at rows with a
  // fault, are undefined (but safe to read).
  virtual Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                                     EvalContext& context) const = 0;

 protected:
  BoundExpression(Type type, bool nullable) : type_(std::move(type)), nullable_(nullable) {}

 private:
  Type type_;
  bool nullable_;
};
using BoundPtr = std::shared_ptr<const BoundExpression>;

// kInvalid with the place, the expression and the nearest valid choice: an unknown column or
// function, arguments of wrong types.
Result<BoundPtr> bind(const ExpressionPtr& expression, const Schema& schema);

// For filters: the rows of `selection` at which the (boolean) condition is true; NULL is not.
Result<Selection> select_true(const BoundExpression& condition, const Batch& batch,
                              const Selection& selection, EvalContext& context);

// One function as its users see it; documentation is generated from this.
struct FunctionInfo {
  std::string name;
  std::string signature;
  std::string help;
  std::string group;  // "math", "string", …
};
std::vector<FunctionInfo> functions();
// Whether expressions know a function of that name, in whatever letters.
bool is_function(const std::string& name);

}  // namespace dataflow::expr
