#include "test_rows.h"

#include <arrow/array.h>
#include <gtest/gtest.h>

#include "columns.h"

namespace dataflow::expr {

Evaluated evaluate_text(const std::string& text, const Batch& batch, const Selection& selection,
                        const std::string& zone) {
  Evaluated out;
  Result<ExpressionPtr> parsed = parse_expression(text);
  if (!parsed.ok()) return {parsed.status(), {}, {}, {}};
  Result<BoundPtr> bound = expr::bind(*parsed, *batch.schema);
  if (!bound.ok()) return {bound.status(), {}, {}, {}};
  EvalContext context;
  context.time_zone = zone;
  context.now_millis = 1769860800123;  // 2026-01-31 12:00:00.123
  Result<ColumnPtr> column = (*bound)->evaluate(batch, selection, context);
  if (!column.ok()) return {column.status(), {}, {}, {}};
  out.status = Status::ok_status();
  out.type = (*bound)->type();
  if ((*column)->length() != batch.rows) {
    return {Status::internal("a column of the wrong length"), {}, {}, {}};
  }
  for_each_row(selection, batch.rows,
               [&](int64_t row) { out.values.push_back(value_at(out.type, **column, row)); });
  out.faults = context.faults;
  return out;
}

std::string value_of(const std::string& text, const std::string& zone) {
  Batch one;
  one.schema = std::make_shared<const Schema>();
  one.rows = 1;
  Evaluated evaluated = evaluate_text(text, one, {}, zone);
  if (!evaluated.status.ok()) return "error: " + evaluated.status.message();
  if (!evaluated.faults.empty()) return "fault: " + evaluated.faults[0].reason;
  return evaluated.values[0].to_string() + ":" + evaluated.type.to_string();
}

void check(std::initializer_list<Case> cases) {
  for (const Case& c : cases) EXPECT_EQ(value_of(c.text), c.value) << c.text;
}

}  // namespace dataflow::expr
