// Names: what the words of a query's expressions may stand for, and what they do stand for.
#pragma once

#include <string>
#include <vector>

#include "rel.h"
#include "same_name.h"
#include "sql/catalog.h"

namespace dataflow::sql {

// A column as the user sees it, and what it is called in the Rel.
struct VisibleColumn {
  std::string name;
  std::string in_rel;
  // USING made one of it and another: alone its name means that one.
  bool qualified_only = false;
};

// A table of a FROM clause.
struct VisibleTable {
  std::string alias;
  std::vector<VisibleColumn> columns;
};

// A bound query or table: a Rel, and those of its columns that are its result.
struct Relation {
  RelPtr rel;
  std::vector<VisibleColumn> columns;
  // What ORDER BY said of the rows, by columns of the Rel.
  std::vector<plan::OrderColumn> order;

  Type type_of(size_t i) const;
};

class Names {
 public:
  // The catalog, of which users' functions are, outlives them.
  Names(const Catalog& catalog, std::vector<VisibleTable> tables)
      : catalog_(&catalog), tables_(std::move(tables)) {}

  const std::vector<VisibleTable>& tables() const { return tables_; }
  // The columns of `*`, or of `t.*`.
  Result<std::vector<VisibleColumn>> star(const Name& qualifier) const;

  // The expression over the Rel's columns, calls of users' functions spelt out. Extensions stay as
  // they are. kInvalid says what is not known or not clear, at its place.
  Result<ExpressionPtr> resolve(const ExpressionPtr& expression) const;
  // The one column of that name; null if there is none, kInvalid if there are several.
  Result<const VisibleColumn*> find(const std::string& name, Place place) const;
  std::vector<std::string> all_names() const;

 private:
  Result<ExpressionPtr> resolve_spelt(const ExpressionPtr& expression) const;
  Status check_name(const expr::Expression& call) const;
  Result<ExpressionPtr> resolve_column(const ExpressionPtr& column) const;
  // `a.b.c`, which is read as fields of fields; null if `a` is no table.
  Result<ExpressionPtr> resolve_path(const ExpressionPtr& field) const;

  const Catalog* catalog_;
  std::vector<VisibleTable> tables_;
};

// kInvalid "line L, column C: what": put_caret() adds the line itself.
Status at_place(Place place, const std::string& what);
// Such a status with the line of the script and a caret behind it; others as they are.
Status put_caret(const Status& status, const std::string& script);

}  // namespace dataflow::sql
