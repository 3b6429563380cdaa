// Binder: a query's tree of names becomes a Rel. One a compilation: tables and views that are named
// twice are bound once, so that they are read once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "names.h"
#include "rel.h"
#include "sql/ast.h"
#include "sql/catalog.h"
#include "sql/settings.h"

namespace dataflow::sql {

// A column of a select list, with `*` written out.
struct OutputItem {
  std::string name;
  ExpressionPtr expression;
  bool resolved = false;  // it is over the Rel's columns already
};

class Binder {
 public:
  // All outlive the binder.
  Binder(const Catalog& catalog, const Settings& settings, const std::string& script)
      : catalog_(catalog), settings_(settings), script_(script) {}

  // Its ORDER BY and LIMIT are not done yet: the first is told, the second is in the query.
  Result<Relation> bind(const Query& query);
  // They are; without LIMIT the rows are sorted where `sort` is asked for.
  Result<Relation> limited(const Query& query, Relation relation, bool sort);

 private:
  using CommonTables = std::map<std::string, Relation>;

  // Queries (bind_query.cc).
  Result<Relation> bind_body(const Query& query);
  Result<Relation> bind_select(const Select& select, const std::vector<OrderItem>& order_by);
  Result<Relation> bind_values(const Values& values, Place place);
  Result<Relation> bind_set(const SetOperation& set);
  Result<Relation> same_rows(SetKind kind, Relation left, Relation right, Place place);
  // By columns of the result alone (bind_order.cc).
  Status order_output(const std::vector<OrderItem>& order_by, Relation& relation);
  Result<Relation> as_columns(Relation left, const std::vector<Type>& types);
  Result<Relation> project(RelPtr rel, const std::vector<OutputItem>& items,
                           const std::vector<ExpressionPtr>& expressions) const;
  Result<Relation> distinct(Relation relation) const;

  // FROM (bind_from.cc).
  struct From {
    RelPtr rel;
    Names names;
  };
  Result<From> bind_from(const TableRefPtr& table);
  Result<Relation> bind_named(const NamedTable& table, Place place);
  Result<Relation> bind_table(const Table& table, const std::vector<OptionText>& hints,
                              Place place);
  Result<Relation> bind_view(const View& view, Place place);
  Result<std::vector<ExpressionPtr>> bind_list(From& from, const Select& select,
                                               const std::vector<OutputItem>& items);
  static Status rename(Relation& relation, const std::vector<std::string>& columns, Place place);

  // Joins (bind_join.cc).
  Result<From> bind_join(const JoinedTable& join, Place place);
  Result<RelPtr> bind_temporal(plan::JoinKind kind, const From& left, const From& right,
                               ExpressionPtr on, const ExpressionPtr& as_of, Place place);
  static Result<plan::TemporalJoinSpec> as_of_spec(const ExpressionPtr& as_of, const From& left);

  // Subqueries (bind_subquery.cc); expressions are over `rel`, `names` are those around it.
  Result<RelPtr> bind_where(RelPtr rel, const Names& names, const ExpressionPtr& where);
  // A condition that is a subquery's alone; `taken` says whether it is one.
  Result<RelPtr> bind_condition(RelPtr rel, const Names& names, const ExpressionPtr& part,
                                bool positive, bool& taken);
  Result<RelPtr> bind_in(RelPtr rel, const Names& names, const expr::Expression& call,
                         const Query& query, bool is_in);
  Result<RelPtr> bind_exists(RelPtr rel, const Names& names, const Query& query, bool exists,
                             Place place);
  // Subqueries that stand for values become columns of `rel`.
  Result<ExpressionPtr> bind_values_of(RelPtr& rel, const Names& names,
                                       const ExpressionPtr& expression);
  Result<Relation> bind_inner(const Query& query, const Rel& around, const Names& outer);

  // Window tables (bind_window_table.cc).
  Result<Relation> bind_function(const TableFunction& function, Place place);
  Result<Relation> bind_window_table(const TableFunction& function, Place place);

  const Catalog& catalog_;
  const Settings& settings_;
  const std::string& script_;
  std::vector<CommonTables> common_;       // WITH, the innermost last
  std::map<std::string, Relation> bound_;  // tables and views by name and hints
  int depth_ = 0;                          // of views within views
};

// The select list, HAVING and ORDER BY of a query with GROUP BY or aggregates (bind_group.cc).
struct GroupedQuery {
  RelPtr rel;
  std::vector<ExpressionPtr> items;  // over rel, in the order of the select list
  ExpressionPtr having;              // null: none
};
Result<GroupedQuery> bind_group(const RelPtr& input, const Names& names, const Select& select,
                                const std::vector<OutputItem>& items);
// Whether aggregates stand in it (not those of OVER).
bool has_aggregates(const expr::Expression& expression);

bool has_subquery(const expr::Expression& expression);
bool has_over(const expr::Expression& expression);
// Puts what the calls with OVER among the expressions give behind the Rel's columns, and names of
// these into the expressions (bind_over.cc).
Result<RelPtr> bind_over(const RelPtr& rel, const Names& names, const Select& select,
                         std::vector<ExpressionPtr>& expressions);

// What a list is ordered by: a column of it, or one that is put behind it (bind_order.cc).
struct SelectOrder {
  size_t item;
  plan::OrderColumn column;  // its name is not known yet
};
Result<std::vector<SelectOrder>> add_order(const std::vector<OrderItem>& order_by,
                                           const Names& names, std::vector<OutputItem>& items,
                                           bool distinct);
// Names that only the list has are what they stand for.
ExpressionPtr without_aliases(const ExpressionPtr& expression, const Names& names,
                              const std::vector<OutputItem>& items);
// Of LIMIT or OFFSET.
Result<int64_t> count_of(const ExpressionPtr& expression, const std::string& clause);

// Milliseconds of INTERVAL '…' literals; kInvalid says what `role` must be.
Result<int64_t> milliseconds_of(const ExpressionPtr& expression, std::string_view role);

// The name of a column that was given none: a column's own, else EXPR$i.
std::string default_name(const expr::Expression& expression, size_t i);

}  // namespace dataflow::sql
