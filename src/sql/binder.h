// Binder: a query's tree of names becomes a Rel. One a compilation: tables and views that are named
// twice are bound once, so that they are read once.
#pragma once

#include <functional>
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

  // Aggregates without GROUP BY have their row from the beginning, as in batch mode, and not from
  // the first row on, as in Flink's streams.
  void give_rows_of_nothing() { rows_of_nothing_ = true; }
  // Window tables over a column that is not the event time mark rows with windows that never
  // close: what is grouped by them changes.
  void let_windows_stay_open() { windows_stay_open_ = true; }

  // Its ORDER BY and LIMIT are not done yet: the first is told, the second is in the query.
  Result<Relation> bind(const Query& query);
  // They are; without LIMIT the rows are sorted where `sort` is asked for.
  Result<Relation> limited(const Query& query, Relation relation, bool sort);

 private:
  using CommonTables = std::map<std::string, Relation>;

  // Queries (bind_query.cc).
  Result<Relation> bind_body(const Query& query);
  Result<Relation> emitting(const Query& query, Relation relation) const;
  Result<Relation> bind_select(const Select& select, const std::vector<OrderItem>& order_by);
  Result<Relation> bind_values(const Values& values, Place place);
  Result<Relation> bind_set(const SetOperation& set);
  Result<Relation> same_rows(const SetOperation& set, Relation left, Relation right, Place place);
  static Result<RelPtr> numbered(const Relation& relation, Place place);
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
  Status bind_groups(From& from, const Select& select, const std::vector<OutputItem>& items,
                     std::vector<ExpressionPtr>& list);
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
  Result<RelPtr> bind_in(RelPtr rel, const Names& names, const ExpressionPtr& call,
                         const Query& query, bool is_in);
  Result<RelPtr> bind_exists(RelPtr rel, const Names& names, const Query& query, bool exists,
                             Place place);
  Result<Relation> bind_inner(const Query& query, const Rel& around, const Names& outer);

  // Subqueries that stand for values become columns of `rel`; those that compare what comes from
  // OVER are left as they are (bind_subquery_value.cc).
  Result<ExpressionPtr> bind_values_of(RelPtr& rel, const Names& names,
                                       const ExpressionPtr& expression);
  Result<ExpressionPtr> bind_scalar(RelPtr& rel, const Names& names, const Query& query,
                                    Place place);
  Result<ExpressionPtr> is_there(RelPtr& rel, const Names& names, const Query& query, Place place);
  Result<ExpressionPtr> is_among(RelPtr& rel, const Names& names, const expr::Expression& call,
                                 const Query& query);
  Result<ExpressionPtr> compared(RelPtr& rel, const Names& names, const expr::Expression& call,
                                 const Query& query, bool all);

  // UNNEST (bind_unnest.cc): the elements of what is in the rows of `left`; `outer` keeps rows
  // that have none. The names are those of the elements.
  Result<From> bind_unnest(const From& left, const TableRef& table, bool outer);
  Result<From> join_unnest(From left, const JoinedTable& join, Place place);

  // Window tables (bind_window_table.cc).
  Result<Relation> bind_function(const TableFunction& function, Place place);
  Result<Relation> bind_window_table(const TableFunction& function, Place place);

  const Catalog& catalog_;
  const Settings& settings_;
  const std::string& script_;
  std::vector<CommonTables> common_;       // WITH, the innermost last
  std::map<std::string, Relation> bound_;  // tables and views by name and hints
  int depth_ = 0;                          // of views within views
  bool rows_of_nothing_ = false;
  bool windows_stay_open_ = false;
};

// Subqueries within the expression become columns of the Rel, and the expression one over these.
using ValuesOf = std::function<Result<ExpressionPtr>(RelPtr& rel, const ExpressionPtr& expression)>;

// The groups of a query with GROUP BY or aggregates (bind_group.cc). `expressions` are over the
// columns of `input`, then over those of the result. `of_nothing`: as give_rows_of_nothing().
Result<RelPtr> bind_group(RelPtr input, const Names& names, const Select& select,
                          const std::vector<OutputItem>& items, const ValuesOf& values_of,
                          bool of_nothing, std::vector<ExpressionPtr>& expressions);
// Whether aggregates stand in it (not those of OVER).
bool has_aggregates(const expr::Expression& expression);

// TUMBLE_START and the like: which column of the window; none if it is no such call.
std::optional<std::string> old_window_column(std::string_view call);

bool has_subquery(const expr::Expression& expression);
bool has_over(const expr::Expression& expression);
// The expression over the Rel's columns, also what stands in clauses, with named windows written
// out.
Result<ExpressionPtr> resolve_all(const ExpressionPtr& expression, const Names& names,
                                  const Select& select);
// Puts what the calls with OVER among the expressions give behind the Rel's columns, and names of
// these into the expressions (bind_over.cc).
Result<RelPtr> bind_over(const RelPtr& rel, std::vector<ExpressionPtr>& expressions);

bool is_unnest(const TableRef& table);
// Of nothing that a query could name.
RelPtr one_row();

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
