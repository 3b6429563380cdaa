#include "script_answers.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/edit_distance.h"
#include "base/lower_case.h"
#include "expr/bound.h"
#include "plan/aggregate.h"
#include "plan/over_function.h"
#include "sql/parser.h"

namespace dataflow::jobs {
namespace {

sql::OutputColumn text_column(const char* name) { return {name, Type::string(), true}; }

// SQL's LIKE, without an escape.
bool is_like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '%') {
    for (size_t i = 0; i <= text.size(); ++i) {
      if (is_like(text.substr(i), pattern.substr(1))) return true;
    }
    return false;
  }
  if (text.empty() || (pattern.front() != '_' && pattern.front() != text.front())) return false;
  return is_like(text.substr(1), pattern.substr(1));
}

bool is_left_out(const std::string& name, const sql::Show& statement) {
  if (!statement.like) return false;
  const bool like = statement.any_case ? is_like(lower_case(name), lower_case(*statement.like))
                                       : is_like(name, *statement.like);
  return like == statement.negated;
}

ResultTable names_table(const char* heading, std::vector<std::string> names,
                        const sql::Show& statement) {
  ResultTable table{{text_column(heading)}, {}};
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (is_left_out(name, statement)) continue;
    table.rows.push_back({Value::string(name)});
  }
  return table;
}

// Users' and our own, each once.
std::vector<std::string> function_names(const sql::Catalog& catalog, bool users) {
  std::set<std::string> names;
  for (const auto& [name, function] : catalog.functions()) names.insert(name);
  if (!users) {
    for (const expr::FunctionInfo& info : expr::functions()) {
      // Operators and what a call is read as have no name that one could write.
      if (std::isalpha(static_cast<unsigned char>(info.name[0])) != 0) names.insert(info.name);
    }
    for (const auto& each : plan::aggregate_functions()) names.emplace(each.name);
    for (const auto& each : plan::over_functions()) names.emplace(each.name);
  }
  return {names.begin(), names.end()};
}

ResultTable modules() {
  return {{text_column("module name"), {"used", Type::boolean(), false}},
          {{Value::string("core"), Value::boolean(true)}}};
}

// What is shown of a catalog that is known to be there.
Status check_place(const sql::Show& statement, const std::string& script) {
  if (statement.of.empty()) return {};
  sql::Name full = statement.of;
  full.parts.emplace_back("x");
  if (statement.kind == sql::ShowKind::kDatabases)
    full.parts.insert(full.parts.end() - 1, "default_database");
  return sql::Catalog::plain_name(full, script).status();
}

Status no_relation(const sql::Name& name, const sql::Catalog& catalog, const std::string& script) {
  const std::vector<std::string> names = catalog.relation_names();
  const Status at = sql::error_at(
      script, name.place,
      "there is no table or view `" + name.last() + "`" + suggestion(name.last(), names));
  return Status(StatusCode::kNotFound, at.message());
}

Value text_or_null(const std::string& text) {
  return text.empty() ? Value::null(Type::string()) : Value::string(text);
}

std::string quoted(const std::string& name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += c;
    out += c;
  }
  return out + "`";
}

std::string quoted_text(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += c;
    out += c;
  }
  return out + "'";
}

std::string type_text(const sql::ColumnDefinition& column) {
  if (column.length == 0) return column.type.to_string();
  return "VARCHAR(" + std::to_string(column.length) + ")";
}

std::string column_text(const sql::ColumnDefinition& column) {
  std::string text = quoted(column.name) + " ";
  if (column.kind == sql::ColumnKind::kComputed) return text + "AS " + column.computed->to_string();
  text += type_text(column);
  if (!column.nullable) text += " NOT NULL";
  if (column.kind != sql::ColumnKind::kMetadata) return text;
  text += " METADATA";
  if (!column.metadata.empty()) text += " FROM " + quoted_text(column.metadata);
  return text + (column.is_virtual ? " VIRTUAL" : "");
}

std::string watermark_text(const sql::WatermarkDefinition& watermark) {
  return "WATERMARK FOR " + watermark.column.to_string() + " AS " +
         watermark.expression->to_string();
}

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + quoted(name);
  return text;
}

}  // namespace

std::string create_text(const sql::Table& table) {
  std::string text = "CREATE TABLE " + quoted(table.name) + " (";
  bool first = true;
  const auto add = [&](const std::string& part) {
    text += (first ? "\n  " : ",\n  ") + part;
    first = false;
  };
  for (const sql::ColumnDefinition& column : table.columns) add(column_text(column));
  if (table.watermark) {
    add(watermark_text(*table.watermark));
  }
  if (!table.primary_key.empty()) {
    add("PRIMARY KEY (" + list_of(table.primary_key) + ") NOT ENFORCED");
  }
  text += "\n)";
  if (!table.comment.empty()) text += " COMMENT " + quoted_text(table.comment);
  if (!table.partitioned_by.empty()) {
    text += "\nPARTITIONED BY (" + list_of(table.partitioned_by) + ")";
  }
  if (table.options.empty()) return text;
  text += "\nWITH (";
  first = true;
  for (const sql::OptionText& option : table.options) {
    add(quoted_text(option.key) + " = " + quoted_text(option.value));
  }
  return text + "\n)";
}

std::string create_text(const sql::View& view) {
  std::string text = view.materialized ? "CREATE MATERIALIZED VIEW " : "CREATE VIEW ";
  text += quoted(view.name);
  std::string list = list_of(view.columns);
  if (view.kept != nullptr && view.kept->watermark) {
    list += (list.empty() ? "" : ", ") + watermark_text(*view.kept->watermark);
  }
  if (!list.empty()) text += " (" + list + ")";
  if (!view.comment.empty()) text += " COMMENT " + quoted_text(view.comment);
  return text + " AS\n" + view.text;
}

ResultTable show_settings(const sql::Settings& settings) {
  ResultTable table{{text_column("key"), text_column("value")}, {}};
  for (const auto& [key, value] : settings.given()) {
    table.rows.push_back({Value::string(key), Value::string(value)});
  }
  return table;
}

Result<ResultTable> show(const sql::Show& statement, const sql::Catalog& catalog,
                         const sql::Settings& settings, const std::string& script) {
  std::vector<std::string> names;
  if (statement.kind != sql::ShowKind::kColumns) {
    DF_RETURN_IF_ERROR(check_place(statement, script));
  }
  switch (statement.kind) {
    case sql::ShowKind::kTables:
      return names_table("table name", catalog.relation_names(), statement);
    case sql::ShowKind::kViews:
    case sql::ShowKind::kMaterializedViews:
      for (const auto& [name, view] : catalog.views()) {
        const bool wanted = statement.kind == sql::ShowKind::kMaterializedViews;
        if (view.materialized == wanted) names.push_back(name);
      }
      return names_table("view name", std::move(names), statement);
    case sql::ShowKind::kFunctions:
    case sql::ShowKind::kUserFunctions:
      names = function_names(catalog, statement.kind == sql::ShowKind::kUserFunctions);
      return names_table("function name", std::move(names), statement);
    case sql::ShowKind::kColumns: {
      DF_ASSIGN_OR_RETURN(ResultTable table, describe(statement.of, catalog, settings, script));
      std::erase_if(table.rows, [&](const Row& row) {
        return is_left_out(std::string(row.front().as_text()), statement);
      });
      return table;
    }
    case sql::ShowKind::kCurrentCatalog:
      return names_table("current catalog name", {"default_catalog"}, statement);
    case sql::ShowKind::kCurrentDatabase:
      return names_table("current database name", {"default_database"}, statement);
    case sql::ShowKind::kModules: return names_table("module name", {"core"}, statement);
    case sql::ShowKind::kFullModules: return modules();
    case sql::ShowKind::kJars: return names_table("jars", {}, statement);
    case sql::ShowKind::kCatalogs:
      return names_table("catalog name", {"default_catalog"}, statement);
    case sql::ShowKind::kDatabases:
      return names_table("database name", {"default_database"}, statement);
    case sql::ShowKind::kSettings: return show_settings(settings);
    case sql::ShowKind::kJobs: return names_table("job name", {}, statement);
    default: break;
  }
  return Status::unsupported("this SHOW is not supported yet");
}

Result<std::string> show_create(const sql::Show& statement, const sql::Catalog& catalog,
                                const std::string& script) {
  DF_ASSIGN_OR_RETURN(const std::string name, sql::Catalog::plain_name(statement.of, script));
  if (const sql::Table* table = catalog.find_table(name)) return create_text(*table);
  if (const sql::View* view = catalog.find_view(name)) return create_text(*view);
  return no_relation(statement.of, catalog, script);
}

Result<ResultTable> describe(const sql::Name& name, const sql::Catalog& catalog,
                             const sql::Settings& settings, const std::string& script) {
  DF_ASSIGN_OR_RETURN(const std::string plain, sql::Catalog::plain_name(name, script));
  ResultTable table{{text_column("name"), text_column("type"), text_column("null"),
                     text_column("key"), text_column("extras"), text_column("watermark")},
                    {}};
  const auto add = [&](const std::string& column, const std::string& type, bool nullable,
                       const std::string& key, const std::string& extras,
                       const std::string& watermark) {
    table.rows.push_back({Value::string(column), text_or_null(type),
                          Value::string(nullable ? "TRUE" : "FALSE"), text_or_null(key),
                          text_or_null(extras), text_or_null(watermark)});
  };
  const sql::View* const view = catalog.find_view(plain);
  if (view != nullptr && view->kept == nullptr) {
    DF_ASSIGN_OR_RETURN(const std::vector<sql::OutputColumn> columns,
                        sql::describe_query(*view->query, catalog, settings, script));
    for (size_t i = 0; i < columns.size(); ++i) {
      const std::string& called = i < view->columns.size() ? view->columns[i] : columns[i].name;
      add(called, columns[i].type.to_string(), columns[i].nullable, "", "", "");
    }
    return table;
  }
  const sql::Table* const found = view != nullptr ? view->kept.get() : catalog.find_table(plain);
  if (found == nullptr) return no_relation(name, catalog, script);
  std::string keys;
  for (const std::string& key : found->primary_key) keys += (keys.empty() ? "" : ", ") + key;
  for (const sql::ColumnDefinition& column : found->columns) {
    if (found->one_row && column.name == sql::kOneRowColumn) continue;
    const auto& key = found->primary_key;
    const bool in_key = std::find(key.begin(), key.end(), column.name) != key.end();
    std::string extras;
    if (column.kind == sql::ColumnKind::kComputed) {
      extras = "AS " + column.computed->to_string();
    } else if (column.kind == sql::ColumnKind::kMetadata) {
      extras = "METADATA";
      if (!column.metadata.empty()) extras += " FROM " + quoted_text(column.metadata);
      if (column.is_virtual) extras += " VIRTUAL";
    }
    const bool timed = found->watermark && found->watermark->column.last() == column.name;
    const bool typed = column.kind != sql::ColumnKind::kComputed;
    add(column.name, typed ? type_text(column) : "", column.nullable,
        in_key ? "PRI(" + keys + ")" : "", extras,
        timed ? found->watermark->expression->to_string() : "");
  }
  return table;
}

}  // namespace dataflow::jobs
