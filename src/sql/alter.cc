// ALTER TABLE and ALTER VIEW.
#include <algorithm>

#include "base/edit_distance.h"
#include "sql/catalog.h"
#include "table_definition.h"

namespace dataflow::sql {
namespace {

bool reads(const ExpressionPtr& expression, const std::string& column) {
  if (!expression) return false;
  const std::vector<std::string> names = expr::columns_of(*expression);
  return std::find(names.begin(), names.end(), column) != names.end();
}

// What of the table would be left without the column.
std::string user_of(const Table& table, const std::string& column) {
  for (const ColumnDefinition& other : table.columns) {
    if (other.name != column && reads(other.computed, column)) {
      return "computed column `" + other.name + "` reads it";
    }
  }
  if (table.watermark && (table.watermark->column.parts.front() == column ||
                          reads(table.watermark->expression, column))) {
    return "the watermark reads it";
  }
  const auto among = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), column) != names.end();
  };
  if (among(table.primary_key)) return "it is part of the primary key";
  if (among(table.partitioned_by)) return "the table is partitioned by it";
  return "";
}

Status drop_columns(const AlterTable& statement, const std::string& script, Table& table) {
  for (const Name& name : statement.drop_columns) {
    const ColumnDefinition* column = find_column(table, name.last());
    if (column == nullptr) return wrong_at(script, name.place, no_column(table, name.last()));
    const std::string user = user_of(table, column->name);
    if (!user.empty()) {
      return wrong_at(script, name.place, "column `" + column->name + "` cannot go: " + user,
                      StatusCode::kConflict);
    }
    const std::string gone = column->name;
    std::erase_if(table.columns, [&](const ColumnDefinition& each) { return each.name == gone; });
  }
  return {};
}

Status rename_columns(const AlterTable& statement, const std::string& script, Table& table) {
  for (const auto& [from, to] : statement.rename_columns) {
    const ColumnDefinition* column = find_column(table, from.last());
    if (column == nullptr) return wrong_at(script, from.place, no_column(table, from.last()));
    const std::string before = column->name;
    for (const ColumnDefinition& other : table.columns) {
      if (other.name != to) continue;
      return wrong_at(script, from.place, "there is a column `" + to + "` already");
    }
    const std::string user = user_of(table, before);
    const bool in_key = std::find(table.primary_key.begin(), table.primary_key.end(), before) !=
                        table.primary_key.end();
    if (!user.empty() && !in_key) {
      return wrong_at(script, from.place, "column `" + before + "` keeps its name: " + user,
                      StatusCode::kConflict);
    }
    for (ColumnDefinition& each : table.columns) {
      if (each.name == before) each.name = to;
    }
    std::replace(table.primary_key.begin(), table.primary_key.end(), before, to);
  }
  return {};
}

void change_options(const AlterTable& statement, Table& table) {
  for (const OptionText& option : statement.set) {
    std::erase_if(table.options, [&](const OptionText& each) { return each.key == option.key; });
    table.options.push_back(option);
  }
  for (const std::string& key : statement.reset) {
    std::erase_if(table.options, [&](const OptionText& each) { return each.key == key; });
  }
}

Result<Table> altered(const AlterTable& statement, const std::string& script, Table table) {
  if (!statement.set.empty() && table.managed) {
    return wrong_at(script, statement.set.front().place,
                    "table `" + table.name + "` is managed; it has no options");
  }
  change_options(statement, table);
  if (statement.drop_watermark) {
    if (!table.watermark) {
      return wrong_at(script, statement.name.place, "table `" + table.name + "` has no watermark");
    }
    table.watermark.reset();
  }
  DF_RETURN_IF_ERROR(rename_columns(statement, script, table));
  DF_RETURN_IF_ERROR(drop_columns(statement, script, table));
  for (const ColumnDefinition& column : statement.add) table.columns.push_back(column);
  if (statement.watermark) table.watermark = statement.watermark;
  DF_RETURN_IF_ERROR(check_table(table, statement.name.place, script));
  return table;
}

}  // namespace

Status Catalog::alter(const AlterTable& statement, const std::string& script) {
  DF_ASSIGN_OR_RETURN(const std::string given, plain_name(statement.name, script));
  const Table* const table = find_table(given);
  const View* const view = find_view(given);
  if (statement.view ? view == nullptr : table == nullptr) {
    if (statement.if_exists) return {};
    std::string hint = suggestion(given, relation_names());
    if (statement.view && table != nullptr) hint = "; it is a table";
    if (!statement.view && view != nullptr) hint = "; it is a view";
    return wrong_at(script, statement.name.place,
                    std::string("there is no ") + (statement.view ? "view" : "table") + " `" +
                        given + "`" + hint,
                    StatusCode::kNotFound);
  }
  const std::string name = statement.view ? view->name : table->name;
  if (!statement.rename_to.empty()) {
    if (tables_.contains(statement.rename_to) || views_.contains(statement.rename_to)) {
      return wrong_at(script, statement.name.place,
                      "there is a table or view `" + statement.rename_to + "` already",
                      StatusCode::kAlreadyExists);
    }
    const std::vector<std::string> readers = dependents_of(name, false);
    if (!readers.empty()) {
      return wrong_at(script, statement.name.place,
                      "view `" + readers.front() + "` reads `" + name + "` by its name",
                      StatusCode::kConflict);
    }
    if (statement.view) {
      auto node = views_.extract(name);
      node.key() = node.mapped().name = statement.rename_to;
      views_.insert(std::move(node));
    } else {
      auto node = tables_.extract(name);
      node.key() = node.mapped().name = statement.rename_to;
      tables_.insert(std::move(node));
    }
    return {};
  }
  if (statement.view) {
    if (!statement.as) return wrong_at(script, statement.name.place, "ALTER VIEW … AS a query");
    CreateView create;
    create.name = statement.name;
    create.name.parts = {name};
    create.or_replace = true;
    create.materialized = view->materialized;
    create.query = statement.as;
    create.query_text = statement.as_text;
    create.comment = view->comment;
    return this->create(create, statement.as_text, script);
  }
  DF_ASSIGN_OR_RETURN(Table changed, altered(statement, script, *table));
  tables_[name] = std::move(changed);
  return {};
}

}  // namespace dataflow::sql
