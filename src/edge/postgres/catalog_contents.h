// What stands in the catalog's tables, as statements of DuckDB's. Schema pgc is pg_catalog, infos
// is information_schema, own has what the others are made of.
#pragma once

#include <span>
#include <string_view>

namespace dataflow::postgres {

std::string_view schemas_and_types();
// The tables that are filled with what relations are like; emptied where they are there.
std::string_view facts_tables();
// Namespaces, roles, settings, …; after the functions. Says :user and :database for what are
// literals there.
std::string_view constant_contents();
// The tables of pg_catalog that changing_contents() fills.
std::span<const std::string_view> changing_tables();
std::string_view changing_contents();
// Of information_schema, whose tables are all filled again.
std::string_view information_contents();

}  // namespace dataflow::postgres
