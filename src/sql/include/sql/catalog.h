// Catalog: the tables, views and functions that statements name. In memory; who keeps it on disk
// stores the statements that made it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
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
  std::string comment;
  std::string text;  // the statement, for SHOW CREATE TABLE
};
struct View {
  std::string name;
  std::vector<std::string> columns;
  QueryPtr query;
  std::string text;  // of the query
  std::string comment;
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
  // By name in the same case, else the only one without regard to case.
  const Table* find_table(std::string_view name) const;
  const View* find_view(std::string_view name) const;
  const Function* find_function(std::string_view name) const;

  const std::map<std::string, Table>& tables() const { return tables_; }
  const std::map<std::string, View>& views() const { return views_; }
  const std::map<std::string, Function>& functions() const { return functions_; }
  // Tables and views, to suggest the nearest of.
  std::vector<std::string> relation_names() const;

  // kAlreadyExists, kNotFound (with the nearest name), kInvalid with the place in the statement,
  // kConflict where something depends on what DROP names. Nothing has changed then.
  Status create(const CreateTable& statement, const std::string& text);
  Status create(const CreateView& statement, const std::string& text);
  Status create(const CreateFunction& statement, const std::string& text);
  Status drop(const Drop& statement);
  Status alter(const AlterTable& statement);

 private:
  std::map<std::string, Table> tables_;
  std::map<std::string, View> views_;
  std::map<std::string, Function> functions_;
};

}  // namespace dataflow::sql
