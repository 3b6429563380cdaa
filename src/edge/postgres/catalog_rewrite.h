// A question in PostgreSQL's SQL as DuckDB's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog_queries.h"
#include "catalog_tokens.h"

namespace dataflow::postgres {

using CatalogParameters = std::vector<std::optional<std::string>>;

// Takes out what DuckDB has no word for and what says nothing here: "pg_catalog.", COLLATE,
// OPERATOR(…), CAST (as x::type), and puts parameters in as literals. kInvalid: no such parameter.
Result<CatalogTokens> plain_catalog_tokens(const CatalogTokens& tokens,
                                           const CatalogParameters& parameters);

// What a query of one value gives, as a text.
using CatalogEvaluate = std::function<Result<std::optional<std::string>>(CatalogTokens query)>;

// What hangs on who asks, as literals: pg_backend_pid(), current_setting('…'), set_config() and
// advisory locks, whose arguments may be computed, but not of rows. Of plain tokens.
Result<CatalogTokens> session_tokens(const CatalogTokens& tokens, const CatalogSession& session,
                                     const CatalogEvaluate& evaluate);

// What DuckDB understands in another way and takes no macro for: hidden columns, functions' names
// beside OIDs, subscripts of vectors, ORDER BY a column's plain name. Of plain tokens.
CatalogTokens spelt_for_duck(CatalogTokens tokens);

// Operators, casts and functions that DuckDB has not, or has with another meaning. Of plain tokens.
Result<CatalogTokens> duck_tokens(const CatalogTokens& tokens);

}  // namespace dataflow::postgres
