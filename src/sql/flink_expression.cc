// Expressions in Flink's dialect: a tree that prints as Flink reads it.
#include "expr/print.h"
#include "flink_query.h"
#include "names.h"
#include "parts.h"
#include "print_query.h"
#include "spelt_out.h"

namespace dataflow::sql {
namespace {

using expr::Binding;
using expr::Expression;
using expr::Kind;

// What is written already.
struct Written final : expr::Extension {
  Written(std::string words, bool is_whole) : text(std::move(words)), whole(is_whole) {}

  std::string to_string(const Expression&) const override { return text; }
  bool is_closed(const Expression&) const override { return whole; }

  const std::string text;
  const bool whole;
};

ExpressionPtr written(std::string text, bool whole = true) {
  auto made = std::make_shared<Expression>();
  made->kind = Kind::kExtension;
  made->extension = std::make_shared<const Written>(std::move(text), whole);
  return made;
}

ExpressionPtr literal(const ExpressionPtr& literal) {
  const Type& type = literal->value.type();
  if (type.id() != TypeId::kJson) return literal;
  return written(literal->value.is_null() ? "CAST(NULL AS STRING)"
                                          : expr::quoted_text(literal->value.as_text()));
}

bool is_field(const Expression& e) {
  return e.kind == Kind::kCall && e.name == "FIELD" && e.arguments.size() == 2 &&
         e.arguments[1]->kind == Kind::kLiteral &&
         e.arguments[1]->value.type().id() == TypeId::kString && !e.arguments[1]->value.is_null();
}

// In front of IN and of comparisons with a subquery.
std::string operands_text(const std::vector<ExpressionPtr>& operands) {
  if (operands.size() != 1) return "(" + list_text(operands) + ")";
  const std::string text = expr::operand_to_sql(*operands[0], Binding::kRange);
  const bool row = operands[0]->kind == Kind::kCall && operands[0]->name == "ROW";
  return row ? "(" + text + ")" : text;
}

}  // namespace

Result<ExpressionPtr> FlinkQueries::expression(const ExpressionPtr& e) {
  switch (e->kind) {
    case Kind::kColumn: return written(flink_name(spelling_.of(e->name)));
    case Kind::kLiteral: return literal(e);
    case Kind::kCall: return call(e);
    case Kind::kExtension: return extension(e);
    case Kind::kCase:
      return with_parts_as(e, [this](const ExpressionPtr& part) { return expression(part); });
    case Kind::kCast: break;
  }
  DF_ASSIGN_OR_RETURN(const ExpressionPtr value, expression(e->arguments[0]));
  const std::string name = e->name == "TRY_CAST" ? "TRY_CAST(" : "CAST(";
  return written(name + value->to_string() + " AS " + flink_type(e->type) + ")");
}

Result<ExpressionPtr> FlinkQueries::call(const ExpressionPtr& e) {
  if (is_field(*e)) {
    DF_ASSIGN_OR_RETURN(const ExpressionPtr of, expression(e->arguments[0]));
    const std::string text = expr::operand_to_sql(*of, Binding::kPostfix);
    const bool held = of->kind == Kind::kExtension || of->kind == Kind::kCall;
    return written((held ? text : "(" + text + ")") + "." +
                   flink_name(spelling_.of(e->arguments[1]->value.as_text())));
  }
  // Flink has functions of Java and Python only: it reads what the call stands for.
  if (catalog_.find_function(e->name) != nullptr) {
    DF_ASSIGN_OR_RETURN(const ExpressionPtr spelt, spelt_out(e, catalog_));
    return expression(spelt);
  }
  if (const auto reason = no_flink_function(e->name)) return at_place(e->place, *reason);
  DF_ASSIGN_OR_RETURN(ExpressionPtr made, with_parts_as(e, [this](const ExpressionPtr& part) {
                        return expression(part);
                      }));
  const std::optional<std::string> words = flink_call(*made);
  return words ? written(*words) : made;
}

Result<ExpressionPtr> FlinkQueries::extension(const ExpressionPtr& e) {
  if (const auto* star = dynamic_cast<const Star*>(e->extension.get())) {
    if (star->qualifier.empty()) return e;
    return written(flink_name(spelling_.of(star->qualifier.last())) + ".*");
  }
  const auto each = [this](const ExpressionPtr& part) { return expression(part); };
  const auto* query = dynamic_cast<const Subquery*>(e->extension.get());
  if (query == nullptr) {
    // Flink has functions of Java and Python only: it reads what the call stands for.
    if (catalog_.find_function(e->name) != nullptr) {
      DF_ASSIGN_OR_RETURN(const ExpressionPtr spelt, spelt_out(e, catalog_));
      return expression(spelt);
    }
    if (const auto reason = no_flink_function(e->name)) return at_place(e->place, *reason);
    return with_parts_as(e, each);
  }
  std::vector<ExpressionPtr> operands = e->arguments;
  for (ExpressionPtr& operand : operands) {
    DF_ASSIGN_OR_RETURN(operand, expression(operand));
  }
  DF_ASSIGN_OR_RETURN(std::string inside, text(*query->query));
  inside = "(" + inside + ")";
  switch (query->kind) {
    case SubqueryKind::kScalar: return written(inside);
    case SubqueryKind::kExists: return written("EXISTS " + inside);
    case SubqueryKind::kIn: return written(operands_text(operands) + " IN " + inside, false);
    case SubqueryKind::kNotIn: return written(operands_text(operands) + " NOT IN " + inside, false);
    case SubqueryKind::kAny:
      return written(operands_text(operands) + " " + e->name + " ANY " + inside, false);
    case SubqueryKind::kAll: break;
  }
  return written(operands_text(operands) + " " + e->name + " ALL " + inside, false);
}

Result<std::string> FlinkQueries::list(const std::vector<ExpressionPtr>& expressions) {
  std::string out;
  for (const ExpressionPtr& each : expressions) {
    DF_ASSIGN_OR_RETURN(const ExpressionPtr made, expression(each));
    out += (out.empty() ? "" : ", ") + made->to_string();
  }
  return out;
}

Result<std::string> FlinkQueries::text(const ExpressionPtr& e, std::vector<std::string> columns) {
  spelling_.open(std::move(columns));
  Result<ExpressionPtr> made = expression(e);
  spelling_.close();
  if (!made.ok()) return made.status();
  return (*made)->to_string();
}

}  // namespace dataflow::sql
