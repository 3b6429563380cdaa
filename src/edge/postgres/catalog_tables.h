// The tables of PostgreSQL 15's catalog: what clients select from, with its columns. Most are
// empty.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dataflow::postgres {

struct CatalogTable {
  std::string_view name;
  uint32_t oid = 0;
  char kind = 'r';  // pg_class.relkind
  // "name:type name …", a type being one letter: o oid, n name, c "char", b boolean, s, i and l
  // integers of 2, 4 and 8 bytes, f and d floating point, z a moment; O, C, F arrays of these, S
  // int2vector, T text[]. Without a letter: text.
  std::string_view columns;
};

std::span<const CatalogTable> catalog_tables();      // pg_catalog
std::span<const CatalogTable> information_tables();  // information_schema

// CREATE OR REPLACE TABLE in a schema of DuckDB's, in its words.
std::string create_statement(std::string_view schema, const CatalogTable& table);

// A type that is built in.
struct CatalogType {
  uint32_t oid = 0;
  std::string_view name;
  int length = -1;
  char category = 'U';
  uint32_t array = 0;  // its array's OID
  char kind = 'b';     // pg_type.typtype
  uint32_t element = 0;
  std::string_view functions;  // of input and output: without "in" and "out"
  std::string_view shown;      // as format_type() says it
};
std::span<const CatalogType> catalog_types();

}  // namespace dataflow::postgres
