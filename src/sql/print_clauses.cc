// What expressions hold only within a statement, as SQL writes it.
#include "expr/print.h"
#include "keywords.h"
#include "print_query.h"
#include "sql/ast.h"
#include "sql/parser.h"

namespace dataflow::sql {

using expr::Binding;
using expr::Expression;
using expr::Kind;

std::string Name::to_string() const {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ".") + name_text(part);
  return out;
}

bool is_star(const Expression& expression) {
  return expression.kind == Kind::kExtension &&
         dynamic_cast<const Star*>(expression.extension.get()) != nullptr;
}

std::string order_text(const std::vector<OrderItem>& items) {
  std::string out = "ORDER BY ";
  for (const OrderItem& item : items) {
    if (&item != &items.front()) out += ", ";
    out += is_star(*item.expression) ? "ALL" : item.expression->to_string();
    if (item.descending) out += " DESC";
    if (item.nulls == NullsOrder::kFirst) out += " NULLS FIRST";
    if (item.nulls == NullsOrder::kLast) out += " NULLS LAST";
  }
  return out;
}

std::string list_text(const std::vector<ExpressionPtr>& expressions) {
  std::string out;
  for (const ExpressionPtr& one : expressions) out += (out.empty() ? "" : ", ") + one->to_string();
  return out;
}

namespace {

std::string bound_text(FrameBound bound, const ExpressionPtr& offset) {
  // A column called UNBOUNDED or CURRENT would be a word of the frame.
  const auto amount = [&] {
    const std::string text = expr::operand_to_sql(*offset, Binding::kSum);
    return offset->kind == Kind::kColumn ? "(" + text + ")" : text;
  };
  switch (bound) {
    case FrameBound::kUnboundedPreceding: return "UNBOUNDED PRECEDING";
    case FrameBound::kPreceding: return amount() + " PRECEDING";
    case FrameBound::kCurrentRow: return "CURRENT ROW";
    case FrameBound::kFollowing: return amount() + " FOLLOWING";
    case FrameBound::kUnboundedFollowing: break;
  }
  return "UNBOUNDED FOLLOWING";
}

}  // namespace

std::string window_text(const WindowDefinition& window) {
  std::vector<std::string> parts;
  if (!window.base.empty()) {
    // PARTITION, ROWS and RANGE go on with the window.
    const std::string plain = name_text(window.base);
    parts.push_back(plain[0] == '`' ? plain : "`" + plain + "`");
  }
  if (!window.partition_by.empty())
    parts.push_back("PARTITION BY " + list_text(window.partition_by));
  if (!window.order_by.empty()) parts.push_back(order_text(window.order_by));
  if (window.frame) {
    const Frame& frame = *window.frame;
    parts.push_back((frame.rows ? "ROWS BETWEEN " : "RANGE BETWEEN ") +
                    bound_text(frame.from, frame.from_offset) + " AND " +
                    bound_text(frame.to, frame.to_offset));
  }
  std::string out = "(";
  for (const std::string& part : parts) out += (out.size() > 1 ? " " : "") + part;
  return out + ")";
}

std::string Clauses::to_string(const Expression& call) const {
  std::string out = expr::function_to_sql(call.name) + "(";
  if (star) out += "*";
  if (distinct) out += "DISTINCT ";
  out += expr::arguments_to_sql(call);
  const bool within = ignore_nulls && call.name == "ARRAY_AGG";  // as Flink writes it
  if (within) out += " IGNORE NULLS";
  if (!order_by.empty()) out += " " + order_text(order_by);
  out += ")";
  if (!within_group.empty()) out += " WITHIN GROUP (" + order_text(within_group) + ")";
  if (ignore_nulls && !within) out += " IGNORE NULLS";
  if (filter != nullptr) out += " FILTER (WHERE " + filter->to_string() + ")";
  if (!over) return out;
  const bool named = over->partition_by.empty() && over->order_by.empty() && !over->frame;
  return out + " OVER " +
         (named && !over->base.empty() ? name_text(over->base) : window_text(*over));
}

std::string Subquery::to_string(const Expression& call) const {
  std::string operand;
  if (call.arguments.size() == 1) {
    operand = expr::operand_to_sql(*call.arguments[0], Binding::kRange);
    // One row's only field is no list of operands.
    if (call.arguments[0]->kind == Kind::kCall && call.arguments[0]->name == "ROW") {
      operand = "(" + operand + ")";
    }
  } else {
    operand = "(" + list_text(call.arguments) + ")";
  }
  const std::string inside = "(" + sql::to_string(*query) + ")";
  switch (kind) {
    case SubqueryKind::kScalar: return inside;
    case SubqueryKind::kExists: return "EXISTS " + inside;
    case SubqueryKind::kIn: return operand + " IN " + inside;
    case SubqueryKind::kNotIn: return operand + " NOT IN " + inside;
    case SubqueryKind::kAny: return operand + " " + call.name + " ANY " + inside;
    case SubqueryKind::kAll: break;
  }
  return operand + " " + call.name + " ALL " + inside;
}

bool Subquery::is_closed(const Expression&) const {
  return kind == SubqueryKind::kScalar || kind == SubqueryKind::kExists;
}

std::string Star::to_string(const Expression&) const {
  return qualifier.empty() ? "*" : qualifier.to_string() + ".*";
}

}  // namespace dataflow::sql
