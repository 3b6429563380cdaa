// PostgreSQL's functions about the catalog, as macros of DuckDB's in schema pgc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dataflow::postgres {

// Who the server says that its client is.
struct CatalogIdentity {
  std::string user = "dataflow";
  std::string database = "dataflow";
  std::string version = "15.0";
};

// What current_setting() and pg_settings say of every session.
struct CatalogSetting {
  std::string_view name;
  std::string value;
};
std::vector<CatalogSetting> catalog_settings(const CatalogIdentity& identity);

// The statements that create them; the catalog's tables must be there.
std::string create_functions(const CatalogIdentity& identity);

// Whether a statement that calls this function asks of the catalog or of the server, even without a
// table. In small letters.
bool is_catalog_function(std::string_view name);

}  // namespace dataflow::postgres
