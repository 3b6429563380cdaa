// Catalog: the tables, views and functions that statements name. In memory; who keeps it on disk
// stores the statements that made it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/ast.h"
#include "types/schema.h"

namespace dataflow::sql {

// A table as CREATE TABLE left it: LIKE is resolved, names are checked.
struct Table {
  std::string name;
  std::vector<ColumnDefinition> columns;  // in the order of the table
  std::optional<WatermarkDefinition> watermark;
  std::vector<std::string> primary_key;
  std::vector<std::string> partitioned_by;
  std::vector<OptionText> options;
  bool managed = false;  // no WITH: a topic of ours
  // Of a view that has one row at most: its first column, kOneRowColumn, is the key, and no query
  // sees it.
  bool one_row = false;
  std::string comment;
  std::string text;  // the statement, for SHOW CREATE TABLE
};
inline constexpr std::string_view kOneRowColumn = "$one";

struct View {
  std::string name;
  bool materialized = false;
  std::vector<std::string> columns;
  QueryPtr query;
  std::string text;  // of the query
  std::string comment;
  // Where its rows are kept up to date; null: it is its query.
  std::shared_ptr<const Table> kept;
  // What was SET when it was made, as far as it bears on how its rows are kept.
  std::map<std::string, std::string> settings;
};
struct Function {
  std::string name;
  std::vector<std::pair<std::string, Type>> parameters;
  std::optional<Type> returns;
  ExpressionPtr body;
  std::string text;
};

class Catalog {
 public:
  // The name without its catalog and database, of which there is one each: default_catalog and
  // default_database. kNotFound with the place for others.
  static Result<std::string> plain_name(const Name& name, const std::string& script);

  // By name in the same case, else the only one without regard to case.
  const Table* find_table(std::string_view name) const;
  const View* find_view(std::string_view name) const;
  const Function* find_function(std::string_view name) const;

  const std::map<std::string, Table>& tables() const { return tables_; }
  const std::map<std::string, View>& views() const { return views_; }
  const std::map<std::string, Function>& functions() const { return functions_; }
  // Tables and views, to suggest the nearest of.
  std::vector<std::string> relation_names() const;

  // kAlreadyExists, kNotFound (with the nearest name), kInvalid with the place in the script,
  // kConflict where something depends on what DROP names. Nothing has changed then. `text` is the
  // statement's own, `script` what its places count in; the same where it is empty.
  Status create(const CreateTable& statement, const std::string& text,
                const std::string& script = {});
  Status create(const CreateView& statement, const std::string& text,
                const std::string& script = {});
  // A materialized view that is there is read from that table from now on.
  void keep(const std::string& view, Table table, std::map<std::string, std::string> settings);
  // With an empty `script` the function was checked when it was made first, and its text is taken
  // as it is: what it calls may come later.
  Status create(const CreateFunction& statement, const std::string& text,
                const std::string& script = {});
  Status drop(const Drop& statement, const std::string& script);
  Status alter(const AlterTable& statement, const std::string& script);

  // Views and materialized views that read the table or view, or whose text calls the function:
  // directly, or by other views.
  std::vector<std::string> dependents_of(const std::string& name, bool function) const;

 private:
  // Whether a query that writes this name means that table or view.
  bool is_read_by_name(const std::string& thing, const std::string& written) const;
  // Functions whose body calls that one, directly or by others.
  std::vector<std::string> callers_of(const std::string& function) const;
  Status check_body(const CreateFunction& statement, const std::string& script) const;
  // Of what takes the place of `before`, which is not among the functions now.
  Status check_replacement(const Function& before, const CreateFunction& statement,
                           const std::string& script) const;
  // kConflict names a table with a computed column that calls one of them.
  Status no_table_computes_with(const std::string& function,
                                const std::vector<std::string>& callers, const Name& name,
                                const std::string& script) const;

  std::map<std::string, Table> tables_;
  std::map<std::string, View> views_;
  std::map<std::string, Function> functions_;
};

}  // namespace dataflow::sql
