// Answers to what psql, drivers and tools ask of pg_catalog and information_schema: PostgreSQL's
// catalog as tables of a DuckDB in memory, which is opened at the first question.
#pragma once

#include <memory>

#include "catalog_functions.h"
#include "catalog_queries.h"
#include "jobs/sql_session.h"

namespace dataflow::postgres {

// `service` must outlive it.
std::unique_ptr<CatalogQueries> make_duck_catalog(jobs::SqlService& service,
                                                  CatalogIdentity identity = {});

}  // namespace dataflow::postgres
