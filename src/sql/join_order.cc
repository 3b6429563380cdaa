// The order in which inner joins are made: that of the text, unless a table in it would meet each
// row of those before it although WHERE says what it is equal to further on.
#include <algorithm>
#include <optional>
#include <set>

#include "join_shape.h"
#include "names.h"
#include "rel.h"

namespace dataflow::sql {
namespace {

using plan::JoinKind;

constexpr size_t kFewest = 3;  // of two tables either order is the other's

// Rows that meet by what is compared, and nothing else: no windows, no times.
const JoinRel* plain_inner_join(const Rel& rel) {
  const auto* join = rel.as<JoinRel>();
  if (join == nullptr || join->kind != JoinKind::kInner) return nullptr;
  const auto* regular = std::get_if<plan::JoinSpec>(&join->spec);
  return regular != nullptr && !regular->nulls_match ? join : nullptr;
}

class Orderer {
 public:
  Orderer(const RelPtr& rel, const std::vector<ExpressionPtr>& parts) : place_(rel->place) {
    RelPtr at = rel;
    while (const JoinRel* join = plain_inner_join(*at)) {
      tables_.push_back(join->right);
      for (const ExpressionPtr& part : conjuncts_of(join->on)) add(part);
      at = join->left;
    }
    tables_.push_back(at);
    std::ranges::reverse(tables_);
    for (const ExpressionPtr& part : parts) add(part);
    for (Condition& each : conditions_) find_tables(each);
    taken_.assign(tables_.size(), false);
  }

  // Whether another order has fewer products.
  bool is_better() {
    if (tables_.size() < kFewest || have_times()) return false;
    for (size_t i = 0; i < tables_.size(); ++i) in_text_.push_back(i);
    const size_t products = products_of(in_text_);
    if (products == 0) return false;
    choose();
    return products_of(order_) < products;
  }

  Result<RelPtr> make() {
    taken_.assign(tables_.size(), false);
    RelPtr made;
    for (const size_t table : order_) {
      taken_[table] = true;
      DF_ASSIGN_OR_RETURN(RelPtr next, filtered(tables_[table], take_of(table)));
      if (made == nullptr) {
        made = std::move(next);
        continue;
      }
      ExpressionPtr on;
      for (Condition& each : conditions_) {
        if (each.done || !can_be_asked(each)) continue;
        each.done = true;
        on = both(on, each.expression);
      }
      DF_ASSIGN_OR_RETURN(made, make_join(std::move(made), std::move(next), JoinKind::kInner,
                                          std::move(on), place_));
    }
    std::vector<plan::NamedExpression> columns;
    for (const RelPtr& table : tables_) {
      const auto of_table = all_columns(*table->schema);
      columns.insert(columns.end(), of_table.begin(), of_table.end());
    }
    DF_ASSIGN_OR_RETURN(made, make_project(std::move(made), std::move(columns)));
    ExpressionPtr rest;
    for (const Condition& each : conditions_) {
      if (!each.done) rest = both(rest, each.expression);
    }
    return rest == nullptr ? Result<RelPtr>(made) : make_filter(made, rest);
  }

 private:
  struct Condition {
    ExpressionPtr expression;
    std::set<size_t> tables;       // empty: of none, or of what is not known here
    std::set<size_t> left, right;  // of what is compared by =
    bool done = false;
  };

  void add(const ExpressionPtr& expression) { conditions_.push_back({expression, {}, {}, {}}); }

  std::set<size_t> tables_of(const expr::Expression& expression) const {
    std::set<size_t> found;
    for (const std::string& name : expr::columns_of(expression)) {
      const auto table = std::ranges::find_if(
          tables_, [&](const RelPtr& each) { return each->schema->find(name).has_value(); });
      if (table == tables_.end()) return {};
      found.insert(static_cast<size_t>(table - tables_.begin()));
    }
    return found;
  }

  void find_tables(Condition& condition) const {
    const expr::Expression& expression = *condition.expression;
    condition.tables = tables_of(expression);
    if (condition.tables.empty() || expression.kind != expr::Kind::kCall ||
        expression.name != "=") {
      return;
    }
    condition.left = tables_of(*expression.arguments[0]);
    condition.right = tables_of(*expression.arguments[1]);
  }

  // Conditions on the times of two tables make another join of them.
  bool have_times() const {
    return std::ranges::count_if(
               tables_, [](const RelPtr& table) { return table->event_time || table->window; }) > 1;
  }

  bool can_be_asked(const Condition& condition) const {
    return !condition.tables.empty() &&
           std::ranges::all_of(condition.tables, [&](size_t table) { return taken_[table]; });
  }

  // The side of the table, if the other one is of those that are taken.
  const ExpressionPtr* key_of(const Condition& condition, size_t table) const {
    const auto all_taken = [&](const std::set<size_t>& side) {
      return !side.empty() && std::ranges::all_of(side, [&](size_t each) { return taken_[each]; });
    };
    const std::set<size_t> alone = {table};
    if (condition.left == alone && all_taken(condition.right)) {
      return &condition.expression->arguments[0];
    }
    if (condition.right == alone && all_taken(condition.left)) {
      return &condition.expression->arguments[1];
    }
    return nullptr;
  }

  // 0: it meets each row of those before it; 2: one of its rows at most.
  int rank_of(size_t table) const {
    std::set<std::string> keys;
    bool any = false;
    for (const Condition& each : conditions_) {
      const ExpressionPtr* const key = key_of(each, table);
      if (key == nullptr) continue;
      any = true;
      if ((*key)->kind == expr::Kind::kColumn) keys.insert((*key)->name);
    }
    if (!any) return 0;
    const std::vector<std::string>& whole = tables_[table]->key;
    const bool one = !whole.empty() && std::ranges::all_of(whole, [&](const std::string& column) {
      return keys.contains(column);
    });
    return one ? 2 : 1;
  }

  size_t products_of(const std::vector<size_t>& order) {
    taken_.assign(tables_.size(), false);
    size_t products = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      if (i > 0 && rank_of(order[i]) == 0) ++products;
      taken_[order[i]] = true;
    }
    return products;
  }

  // Something is asked of this table alone: it has fewer rows.
  bool is_filtered(size_t table) const {
    return tables_[table]->as<FilterRel>() != nullptr ||
           std::ranges::any_of(conditions_, [&](const Condition& each) {
             return each.tables == std::set<size_t>{table};
           });
  }

  // Each next one is what fits best to those before it; of equals the first in the text.
  void choose() {
    taken_.assign(tables_.size(), false);
    while (order_.size() < tables_.size()) {
      std::optional<size_t> best;
      int best_rank = -1;
      for (const size_t table : in_text_) {
        if (taken_[table]) continue;
        const int rank = 2 * rank_of(table) + (is_filtered(table) ? 1 : 0);
        if (rank <= best_rank) continue;
        best = table;
        best_rank = rank;
      }
      order_.push_back(*best);
      taken_[*best] = true;
    }
  }

  std::vector<ExpressionPtr> take_of(size_t table) {
    std::vector<ExpressionPtr> found;
    for (Condition& each : conditions_) {
      if (each.done || each.tables != std::set<size_t>{table}) continue;
      each.done = true;
      found.push_back(each.expression);
    }
    return found;
  }

  const Place place_;
  std::vector<RelPtr> tables_;  // as the text has them
  std::vector<Condition> conditions_;
  std::vector<bool> taken_;  // by table
  std::vector<size_t> in_text_, order_;
};

}  // namespace

Result<std::optional<RelPtr>> joined_by_equality(const RelPtr& rel,
                                                 const std::vector<ExpressionPtr>& parts) {
  Orderer orderer(rel, parts);
  if (!orderer.is_better()) return std::optional<RelPtr>();
  DF_ASSIGN_OR_RETURN(RelPtr made, orderer.make());
  return std::optional(std::move(made));
}

}  // namespace dataflow::sql
