// What the catalogs of protocols tell of tables and views.
#include "sql/parser.h"
#include "sql_server.h"

namespace dataflow::jobs {

std::vector<RelationFacts> SqlServer::relations() const {
  const std::shared_ptr<const sql::Catalog> catalog = this->catalog();
  std::map<std::string, RelationFacts> facts;
  const auto of_table = [](const sql::Table& table, RelationFacts& made) {
    if (!table.one_row) made.primary_key = table.primary_key;
    made.comment = table.comment;
    for (const sql::ColumnDefinition& column : table.columns) {
      if (table.one_row && column.name == sql::kOneRowColumn) continue;
      made.columns.push_back({column.name, column.type, column.nullable});
      if (!column.comment.empty()) made.column_comments[column.name] = column.comment;
    }
  };
  for (const auto& [name, table] : catalog->tables()) {
    RelationFacts& made = facts[name];
    made.name = name;
    of_table(table, made);
    for (const sql::ColumnDefinition& column : table.columns) {
      const bool filled = column.kind == sql::ColumnKind::kPhysical ||
                          (column.kind == sql::ColumnKind::kMetadata && !column.is_virtual);
      if (table.managed && filled) made.filled.push_back(column.name);
    }
    // Computed columns have their types from what they are computed of.
    const auto columns = sql::describe_relation(name, *catalog, kPlainSettings);
    if (columns.ok()) made.columns = *columns;
  }
  for (const auto& [name, view] : catalog->views()) {
    RelationFacts& made = facts[name];
    made.name = name;
    made.kind =
        view.materialized ? RelationFacts::Kind::kMaterializedView : RelationFacts::Kind::kView;
    made.definition = view.text;
    if (view.kept != nullptr) of_table(*view.kept, made);
    if (view.kept == nullptr) {
      const auto columns = sql::describe_query(*view.query, *catalog, kPlainSettings, view.text);
      if (columns.ok()) made.columns = *columns;
      for (size_t i = 0; i < view.columns.size() && i < made.columns.size(); ++i) {
        made.columns[i].name = view.columns[i];
      }
    }
    made.comment = view.comment;
  }
  std::vector<RelationFacts> list;
  for (auto& [name, each] : facts) list.push_back(std::move(each));
  return list;
}

}  // namespace dataflow::jobs
