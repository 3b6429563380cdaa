// FROM: tables, views, queries, and what joins them.
#include "base/edit_distance.h"
#include "binder.h"
#include "spelt_out.h"
#include "sql/compile.h"

namespace dataflow::sql {
namespace {

// A table's columns that stand in its payload, or come with it.
bool is_read(const ColumnDefinition& column) { return column.kind != ColumnKind::kComputed; }

std::string key_of(const std::string& name, const std::vector<OptionText>& hints) {
  std::string key = name;
  for (const OptionText& hint : hints) key += '\0' + hint.key + '\0' + hint.value;
  return key;
}

}  // namespace

Status Binder::rename(Relation& relation, const std::vector<std::string>& columns, Place place) {
  if (columns.empty()) return {};
  if (columns.size() != relation.columns.size()) {
    return at_place(place, std::to_string(columns.size()) + " names for " +
                               std::to_string(relation.columns.size()) + " columns");
  }
  for (size_t i = 0; i < columns.size(); ++i) relation.columns[i].name = columns[i];
  return {};
}

Result<Binder::From> Binder::bind_from(const TableRefPtr& table) {
  if (const auto* join = std::get_if<JoinedTable>(&table->what)) {
    return bind_join(*join, table->place);
  }
  if (is_unnest(*table)) {
    const From row{one_row(), Names(catalog_, {})};
    return bind_unnest(row, *table, false);
  }
  Relation relation;
  std::string alias = table->alias;
  if (const auto* named = std::get_if<NamedTable>(&table->what)) {
    DF_ASSIGN_OR_RETURN(relation, bind_named(*named, table->place));
    if (alias.empty()) alias = named->name.last();
  } else if (const auto* derived = std::get_if<DerivedTable>(&table->what)) {
    if (derived->lateral) return at_place(table->place, "LATERAL is not supported yet");
    DF_ASSIGN_OR_RETURN(relation, bind(*derived->query));
  } else {
    DF_ASSIGN_OR_RETURN(relation,
                        bind_function(std::get<TableFunction>(table->what), table->place));
  }
  DF_RETURN_IF_ERROR(rename(relation, table->columns, table->place));
  return From{relation.rel, Names(catalog_, {{std::move(alias), std::move(relation.columns)}})};
}

Result<Relation> Binder::bind_named(const NamedTable& table, Place place) {
  if (table.as_of != nullptr) {
    return at_place(place, "FOR SYSTEM_TIME AS OF stands behind JOIN");
  }
  DF_ASSIGN_OR_RETURN(const std::string name, Catalog::plain_name(table.name, script_));
  if (table.name.parts.size() == 1) {
    for (auto level = common_.rbegin(); level != common_.rend(); ++level) {
      if (const auto exact = level->find(name); exact != level->end()) return exact->second;
      for (const auto& [common, relation] : *level) {
        if (same_name(common, name)) return relation;
      }
    }
  }
  const Table* found = catalog_.find_table(name);
  const View* view = found == nullptr ? catalog_.find_view(name) : nullptr;
  if (found == nullptr && view == nullptr) {
    std::vector<std::string> names = catalog_.relation_names();
    for (const CommonTables& level : common_) {
      for (const auto& [common, relation] : level) names.push_back(common);
    }
    return at_place(table.name.place.line > 0 ? table.name.place : place,
                    "there is no table or view `" + name + "`" + suggestion(name, names));
  }
  const std::string key = key_of(found != nullptr ? found->name : view->name, table.hints);
  if (const auto known = bound_.find(key); known != bound_.end()) return known->second;
  Relation relation;
  if (found != nullptr) {
    DF_ASSIGN_OR_RETURN(relation, bind_table(*found, table.hints, place));
  } else {
    DF_ASSIGN_OR_RETURN(relation, view->kept != nullptr
                                      ? bind_table(*view->kept, table.hints, place)
                                      : bind_view(*view, place));
  }
  bound_.emplace(key, relation);
  return relation;
}

// The view's own words, in which WITH tables around it mean nothing.
Result<Relation> Binder::bind_view(const View& view, Place place) {
  std::vector<CommonTables> around;
  around.swap(common_);
  Result<Relation> bound = bind(*view.query);
  around.swap(common_);
  if (!bound.ok()) {
    return Status(bound.status().code(),
                  bound.status().message() + " (in view `" + view.name + "`)");
  }
  DF_RETURN_IF_ERROR(rename(*bound, view.columns, place));
  return bound;
}

Result<Relation> Binder::bind_table(const Table& given, const std::vector<OptionText>& hints,
                                    Place place) {
  Table table = given;
  for (ColumnDefinition& column : table.columns) {
    if (column.computed == nullptr) continue;
    DF_ASSIGN_OR_RETURN(column.computed, spelt_out(column.computed, catalog_));
  }
  DF_ASSIGN_OR_RETURN(plan::SourceSpec spec, source_of(table, hints, settings_, script_));
  Relation relation;
  const bool replaced = !spec.upsert_keys.empty();
  relation.rel = make_scan(table.name, std::move(spec), place);
  if (replaced) relation.rel = make_upsert(relation.rel, table.one_row);
  std::vector<VisibleColumn> read;
  for (const ColumnDefinition& column : table.columns) {
    if (table.one_row && column.name == kOneRowColumn) continue;
    relation.columns.push_back({column.name, column.name});
    if (is_read(column)) read.push_back({column.name, column.name});
  }
  if (read.size() == relation.columns.size()) return relation;
  // Computed columns see those that are read, whatever their order.
  const Names names(catalog_, {{table.name, std::move(read)}});
  std::vector<plan::NamedExpression> columns;
  for (const ColumnDefinition& column : table.columns) {
    const bool in_source = relation.rel->schema->find(column.name).has_value();
    ExpressionPtr value = expr::column(column.name, column.place);
    if (!is_read(column) && !in_source) {
      DF_ASSIGN_OR_RETURN(value, names.resolve(column.computed));
    }
    columns.push_back({column.name, std::move(value)});
  }
  DF_ASSIGN_OR_RETURN(relation.rel, make_project(relation.rel, std::move(columns)));
  return relation;
}

}  // namespace dataflow::sql
