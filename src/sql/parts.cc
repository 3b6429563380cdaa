#include "parts.h"

namespace dataflow::sql {
namespace {

template <class Order, class Found>
void of_order(Order& order, const Found& found) {
  for (auto& item : order) found(item.expression);
}

template <class ClausesLike, class Found>
void of_clauses(ClausesLike& clauses, const Found& found) {
  if (clauses.filter != nullptr) found(clauses.filter);
  of_order(clauses.order_by, found);
  of_order(clauses.within_group, found);
  if (!clauses.over) return;
  for (auto& key : clauses.over->partition_by) found(key);
  of_order(clauses.over->order_by, found);
}

}  // namespace

const Clauses* clauses_of(const expr::Expression& expression) {
  if (expression.kind != expr::Kind::kExtension) return nullptr;
  return dynamic_cast<const Clauses*>(expression.extension.get());
}

std::vector<ExpressionPtr> parts_of(const expr::Expression& expression) {
  std::vector<ExpressionPtr> parts = expression.arguments;
  const Clauses* clauses = clauses_of(expression);
  if (clauses == nullptr) return parts;
  of_clauses(*clauses, [&](const ExpressionPtr& part) { parts.push_back(part); });
  return parts;
}

ExpressionPtr with_parts(const ExpressionPtr& expression, std::vector<ExpressionPtr> parts) {
  auto made = std::make_shared<expr::Expression>(*expression);
  auto next = parts.begin();
  for (ExpressionPtr& argument : made->arguments) argument = std::move(*next++);
  const Clauses* clauses = clauses_of(*expression);
  if (clauses == nullptr) return made;
  auto changed = std::make_shared<Clauses>(*clauses);
  of_clauses(*changed, [&](ExpressionPtr& part) { part = std::move(*next++); });
  made->extension = std::move(changed);
  return made;
}

}  // namespace dataflow::sql
