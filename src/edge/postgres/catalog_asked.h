// What a statement asks of, and what its columns are called.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog_tokens.h"

namespace dataflow::postgres {

// SELECT or WITH, and no other statement.
bool is_query(const CatalogTokens& tokens);

// Whether a query names tables of the catalog, or without a table functions of it, and no table of
// a user.
bool asks_of_catalog(std::string_view statement);

// The columns of the outermost SELECT as PostgreSQL calls them. Of plain tokens.
struct SelectedNames {
  // Nothing: it has a name of its own, which is right.
  std::vector<std::optional<std::string>> before;  // of the columns in front of the first *
  std::vector<std::optional<std::string>> after;   // of those behind the last *
  bool star = false;
};
SelectedNames selected_names(const CatalogTokens& tokens);

}  // namespace dataflow::postgres
