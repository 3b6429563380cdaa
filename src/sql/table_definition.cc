#include "table_definition.h"

#include <algorithm>

#include "base/edit_distance.h"
#include "same_name.h"
#include "sql/parser.h"
#include "table_like.h"

namespace dataflow::sql {
namespace {

// Columns of one name would be told apart by nothing; those that differ in case are two columns.
Status check_columns(const Table& table, const std::string& script) {
  if (table.columns.empty()) {
    return wrong_at(script, {}, "table `" + table.name + "` has no columns");
  }
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnDefinition& column = table.columns[i];
    for (size_t j = 0; j < i; ++j) {
      if (table.columns[j].name != column.name) continue;
      return wrong_at(script, column.place, "column `" + column.name + "` is there twice");
    }
  }
  const bool any = std::any_of(table.columns.begin(), table.columns.end(), [](const auto& column) {
    return column.kind != ColumnKind::kComputed;
  });
  if (any) return {};
  return wrong_at(script, table.columns.front().place,
                  "a table needs a column that is not computed");
}

Status check_computed(const Table& table, const std::string& script) {
  for (const ColumnDefinition& column : table.columns) {
    if (column.kind != ColumnKind::kComputed || !column.computed) continue;
    for (const std::string& name : expr::columns_of(*column.computed)) {
      const ColumnDefinition* read = find_column(table, name);
      if (read == nullptr) {
        return wrong_at(script, column.place,
                        "computed column `" + column.name + "`: " + no_column(table, name));
      }
      if (read->kind == ColumnKind::kComputed) {
        return wrong_at(script, column.place,
                        "computed column `" + column.name + "` reads `" + read->name +
                            "`, which is computed itself; write its expression out");
      }
    }
  }
  return {};
}

Status check_watermark(const Table& table, const std::string& script) {
  if (!table.watermark) return {};
  const WatermarkDefinition& watermark = *table.watermark;
  // `ts` of a table, or `a.b` within a row.
  const ColumnDefinition* column = find_column(table, watermark.column.parts.front());
  const Place place = watermark.column.place.line > 0 ? watermark.column.place : watermark.place;
  if (column == nullptr) {
    return wrong_at(script, place,
                    "WATERMARK: " + no_column(table, watermark.column.parts.front()));
  }
  if (column->kind == ColumnKind::kComputed || watermark.column.parts.size() > 1) return {};
  if (column->type.is_timestamp() && column->type.precision() <= 3) return {};
  return wrong_at(script, place,
                  "WATERMARK: column `" + column->name + "` is " + column->type.to_string() +
                      "; event time is TIMESTAMP(3) or TIMESTAMP_LTZ(3)");
}

Status check_key(const Table& table, Place place, const std::string& script) {
  for (size_t i = 0; i < table.primary_key.size(); ++i) {
    const std::string& name = table.primary_key[i];
    const ColumnDefinition* column = find_column(table, name);
    if (column == nullptr) {
      return wrong_at(script, place, "PRIMARY KEY: " + no_column(table, name));
    }
    if (column->kind != ColumnKind::kPhysical) {
      return wrong_at(script, place,
                      "PRIMARY KEY: column `" + name + "` is computed or metadata; a key is made " +
                          "of columns that rows hold themselves");
    }
    for (size_t j = 0; j < i; ++j) {
      if (table.primary_key[j] != name) continue;
      return wrong_at(script, place, "PRIMARY KEY names column `" + name + "` twice");
    }
  }
  return {};
}

Status check_partitions(const Table& table, Place place, const std::string& script) {
  for (size_t i = 0; i < table.partitioned_by.size(); ++i) {
    const std::string& name = table.partitioned_by[i];
    const ColumnDefinition* column = find_column(table, name);
    if (column == nullptr) {
      return wrong_at(script, place, "PARTITIONED BY: " + no_column(table, name));
    }
    if (column->kind != ColumnKind::kPhysical) {
      return wrong_at(script, place,
                      "PARTITIONED BY: column `" + name + "` is computed or metadata");
    }
    for (size_t j = 0; j < i; ++j) {
      if (table.partitioned_by[j] != name) continue;
      return wrong_at(script, place, "PARTITIONED BY names column `" + name + "` twice");
    }
  }
  return {};
}

// The names in a clause as the columns are spelt.
Result<std::vector<std::string>> spelt(const Table& table, const std::vector<Name>& names,
                                       const char* clause, const std::string& script) {
  std::vector<std::string> out;
  for (const Name& name : names) {
    const ColumnDefinition* column = find_column(table, name.last());
    if (column == nullptr) {
      return wrong_at(script, name.place,
                      std::string(clause) + ": " + no_column(table, name.last()));
    }
    out.push_back(column->name);
  }
  return out;
}

Status read_key(const CreateTable& statement, const std::string& script, Table& table) {
  std::vector<std::string> of_columns;
  for (const ColumnDefinition& column : statement.columns) {
    if (column.primary_key) of_columns.push_back(column.name);
  }
  if (of_columns.size() > 1 || (!of_columns.empty() && statement.primary_key)) {
    return wrong_at(script, statement.primary_key ? statement.primary_key->place : Place(),
                    "a table has one primary key; write PRIMARY KEY (a, b) for one of two columns");
  }
  // A managed table keeps one row of each key by itself.
  if (statement.primary_key && statement.primary_key->enforced && !table.managed) {
    return wrong_at(script, statement.primary_key->place,
                    "PRIMARY KEY … ENFORCED: nobody checks the rows of other systems; write NOT "
                    "ENFORCED");
  }
  std::vector<std::string> given = of_columns;
  if (statement.primary_key) {
    DF_ASSIGN_OR_RETURN(given, spelt(table, statement.primary_key->columns, "PRIMARY KEY", script));
  }
  if (given.empty()) return {};
  if (!table.primary_key.empty()) {
    return wrong_at(script, statement.primary_key ? statement.primary_key->place : Place(),
                    "the table that LIKE names has a primary key; write EXCLUDING CONSTRAINTS to "
                    "give another one");
  }
  table.primary_key = std::move(given);
  return {};
}

Status check_options(const std::vector<OptionText>& options, const std::string& script) {
  for (size_t i = 0; i < options.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (options[j].key != options[i].key) continue;
      return wrong_at(script, options[i].place, "option '" + options[i].key + "' is given twice");
    }
  }
  return {};
}

}  // namespace

Status wrong_at(const std::string& script, Place place, const std::string& what, StatusCode code) {
  if (place.line <= 0) return Status(code, what);
  return Status(code, error_at(script, place, what).message());
}

const ColumnDefinition* find_column(const Table& table, std::string_view name) {
  const ColumnDefinition* found = nullptr;
  for (const ColumnDefinition& column : table.columns) {
    if (column.name == name) return &column;
  }
  for (const ColumnDefinition& column : table.columns) {
    if (!same_name(column.name, name)) continue;
    if (found != nullptr) return nullptr;
    found = &column;
  }
  return found;
}

std::string no_column(const Table& table, const std::string& name) {
  std::vector<std::string> names;
  for (const ColumnDefinition& column : table.columns) names.push_back(column.name);
  return "there is no column `" + name + "`" + suggestion(name, names);
}

Status check_table(const Table& table, Place place, const std::string& script) {
  DF_RETURN_IF_ERROR(check_columns(table, script));
  DF_RETURN_IF_ERROR(check_computed(table, script));
  DF_RETURN_IF_ERROR(check_watermark(table, script));
  DF_RETURN_IF_ERROR(check_key(table, place, script));
  return check_partitions(table, place, script);
}

Result<Table> define_table(const CreateTable& statement, const Table* base,
                           const std::string& script) {
  DF_RETURN_IF_ERROR(check_options(statement.options, script));
  Table table;
  if (base != nullptr) {
    DF_ASSIGN_OR_RETURN(table, begin_like(statement, *base, script));
  } else {
    table.columns = statement.columns;
    table.options = statement.options;
    table.watermark = statement.watermark;
  }
  table.name = statement.name.last();
  if (!statement.comment.empty() || base == nullptr) table.comment = statement.comment;
  table.managed = table.options.empty() && !statement.has_options;
  DF_RETURN_IF_ERROR(check_columns(table, script));
  DF_RETURN_IF_ERROR(read_key(statement, script, table));
  if (!statement.partitioned_by.empty()) {
    if (!table.partitioned_by.empty()) {
      return wrong_at(script, statement.partitioned_by.front().place,
                      "the table that LIKE names is partitioned; write EXCLUDING PARTITIONS to "
                      "give other ones");
    }
    DF_ASSIGN_OR_RETURN(table.partitioned_by,
                        spelt(table, statement.partitioned_by, "PARTITIONED BY", script));
  }
  const Place place = statement.primary_key ? statement.primary_key->place : statement.name.place;
  DF_RETURN_IF_ERROR(check_table(table, place, script));
  // What is part of the key is there in every row.
  for (ColumnDefinition& column : table.columns) {
    const auto& key = table.primary_key;
    if (std::find(key.begin(), key.end(), column.name) != key.end()) column.nullable = false;
  }
  return table;
}

}  // namespace dataflow::sql
