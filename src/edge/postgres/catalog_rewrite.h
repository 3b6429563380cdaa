// A question in PostgreSQL's SQL as DuckDB's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog_tokens.h"

namespace dataflow::postgres {

using CatalogParameters = std::vector<std::optional<std::string>>;

// Takes out what DuckDB has no word for and what says nothing here: "pg_catalog.", COLLATE,
// OPERATOR(…), CAST (as x::type), and puts parameters in as literals. kInvalid: no such parameter.
Result<CatalogTokens> plain_catalog_tokens(const CatalogTokens& tokens,
                                           const CatalogParameters& parameters);

// Operators, casts and functions that DuckDB has not, or has with another meaning. Of plain tokens.
Result<CatalogTokens> duck_tokens(const CatalogTokens& tokens);

}  // namespace dataflow::postgres
