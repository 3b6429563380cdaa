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

  Result<Relation> bind(const Query& query);

 private:
  using CommonTables = std::map<std::string, Relation>;

  // Queries (bind_query.cc).
  Result<Relation> bind_body(const Query& query);
  Result<Relation> bind_select(const Select& select);
  Result<Relation> bind_values(const Values& values, Place place);
  Result<Relation> bind_set(const SetOperation& set);
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
  static Status rename(Relation& relation, const std::vector<std::string>& columns, Place place);

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

// kInvalid where the query takes only some of its rows.
Status refuse_limit(const Query& query, const std::string& where);

// Milliseconds of INTERVAL '…' literals; kInvalid says what `role` must be.
Result<int64_t> milliseconds_of(const ExpressionPtr& expression, std::string_view role);

// The name of a column that was given none: a column's own, else EXPR$i.
std::string default_name(const expr::Expression& expression, size_t i);

}  // namespace dataflow::sql
