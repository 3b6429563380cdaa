#include "catalog_facts.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "base/hash.h"
#include "catalog_contents.h"
#include "catalog_tables.h"
#include "sql_text.h"
#include "type_map.h"

namespace dataflow::postgres {
namespace {

using Cell = DuckDatabase::Cell;
using Cells = std::vector<std::vector<Cell>>;

constexpr uint32_t kFirstUserOid = 16384;
constexpr uint32_t kUserOids = 0x3fff0000;  // PostgreSQL's clients read them as signed ones, too

// Distinct OIDs. Two names with one hash get neighbours, in the order of their names.
class Oids {
 public:
  int64_t of(char kind, const std::string& name) {
    uint32_t oid = kFirstUserOid + static_cast<uint32_t>(hash64(kind + name) % kUserOids);
    while (!taken_.insert(oid).second) ++oid;
    return oid;
  }

 private:
  std::set<uint32_t> taken_;
};

char kind_of(jobs::RelationFacts::Kind kind) {
  switch (kind) {
    case jobs::RelationFacts::Kind::kTable: return 'r';
    case jobs::RelationFacts::Kind::kView: return 'v';
    case jobs::RelationFacts::Kind::kMaterializedView: return 'm';
  }
  return 'r';
}

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell::of(text); }

std::vector<Cell> relation_row(const jobs::RelationFacts& relation, int64_t oid, Oids& oids) {
  const bool keyed = !relation.primary_key.empty();
  return {Cell::number(oid),
          Cell::of(relation.name),
          Cell::of(std::string(1, kind_of(relation.kind))),
          Cell::number(static_cast<int64_t>(relation.columns.size())),
          text_or_null(relation.definition),
          text_or_null(relation.comment),
          Cell::number(oids.of('t', relation.name)),
          Cell::number(oids.of('a', relation.name)),
          keyed ? Cell::number(oids.of('i', relation.name)) : Cell(),
          keyed ? Cell::number(oids.of('c', relation.name)) : Cell()};
}

void add_columns(const jobs::RelationFacts& relation, int64_t oid, Cells& rows) {
  const std::vector<std::string>& key = relation.primary_key;
  int64_t number = 0;
  for (const sql::OutputColumn& column : relation.columns) {
    const auto place = std::find(key.begin(), key.end(), column.name);
    const bool in_key = place != key.end();
    const auto comment = relation.column_comments.find(column.name);
    rows.push_back(
        {Cell::number(oid), Cell::number(++number), Cell::of(column.name),
         Cell::number(oid_of(column.type)), Cell::number(modifier_of(column.type)),
         Cell::boolean(!column.nullable || in_key),
         in_key ? Cell::number(place - key.begin() + 1) : Cell(),
         comment == relation.column_comments.end() ? Cell() : Cell::of(comment->second)});
  }
}

std::string insert_system_tables(std::string_view schema, std::span<const CatalogTable> tables) {
  std::string out;
  for (const CatalogTable& table : tables) {
    out += out.empty() ? "insert into own.system values " : ",";
    out += "(" + std::to_string(table.oid) + "," + sql_literal(table.name) + ",'" + table.kind +
           "'," + sql_literal(schema) + ")";
  }
  return out + ";";
}

std::string insert_types() {
  std::string out;
  for (const CatalogType& type : catalog_types()) {
    out += out.empty() ? "insert into own.types values " : ",";
    out += "(" + std::to_string(type.oid) + "," + sql_literal(type.name) + "," +
           std::to_string(type.length) + ",'" + type.category + "'," + std::to_string(type.array) +
           ",'" + type.kind + "'," + std::to_string(type.element) + "," +
           sql_literal(type.functions) + "," + sql_literal(type.shown) + ")";
  }
  return out + ";";
}

std::string insert_settings(const CatalogIdentity& identity) {
  std::string out;
  for (const CatalogSetting& setting : catalog_settings(identity)) {
    out += out.empty() ? "insert into own.settings values (" : ",(";
    out += sql_literal(setting.name) + "," + sql_literal(setting.value) + ")";
  }
  return out + ";";
}

void put_in(std::string& text, std::string_view name, std::string_view value) {
  const std::string literal = sql_literal(value);
  for (size_t at = text.find(name); at != std::string::npos;
       at = text.find(name, at + literal.size())) {
    text.replace(at, name.size(), literal);
  }
}

}  // namespace

Status create_catalog(DuckDatabase& duck, const CatalogIdentity& identity) {
  std::string all(schemas_and_types());
  for (const CatalogTable& table : catalog_tables()) all += create_statement("pgc", table) + ";";
  for (const CatalogTable& table : information_tables()) {
    all += create_statement("infos", table) + ";";
  }
  all += facts_tables();
  all += insert_system_tables("pg_catalog", catalog_tables());
  all += insert_system_tables("information_schema", information_tables());
  all += insert_types();
  all += insert_settings(identity);
  all += create_functions(identity);
  std::string constants(constant_contents());
  put_in(constants, ":user", identity.user);
  put_in(constants, ":database", identity.database);
  all += constants;
  DF_RETURN_IF_ERROR(duck.run(all));
  return duck.run("set lock_configuration=true");
}

Status fill_catalog(DuckDatabase& duck, const std::vector<jobs::RelationFacts>& relations) {
  Oids oids;
  Cells relation_rows;
  Cells column_rows;
  for (const jobs::RelationFacts& relation : relations) {
    const int64_t oid = oids.of('r', relation.name);
    relation_rows.push_back(relation_row(relation, oid, oids));
    add_columns(relation, oid, column_rows);
  }
  // New tables instead of emptied ones: what is dropped gives its memory back.
  std::string again(facts_tables());
  for (const std::string_view name : changing_tables()) {
    for (const CatalogTable& table : catalog_tables()) {
      if (table.name == name) again += create_statement("pgc", table) + ";";
    }
  }
  for (const CatalogTable& table : information_tables()) {
    again += create_statement("infos", table) + ";";
  }
  DF_RETURN_IF_ERROR(duck.run(again));
  DF_RETURN_IF_ERROR(duck.append("own", "relations", relation_rows));
  DF_RETURN_IF_ERROR(duck.append("own", "columns", column_rows));
  DF_RETURN_IF_ERROR(duck.run(std::string(changing_contents())));
  return duck.run(std::string(information_contents()));
}

}  // namespace dataflow::postgres
