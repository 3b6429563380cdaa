// The server's threads: one that accepts and watches, and one for each client.
#pragma once

#include <memory>

#include "catalog_queries.h"
#include "edge/postgres/server.h"

namespace dataflow::postgres {

// `catalog` may be none: then everything that is asked is a user's.
Result<std::unique_ptr<PostgresServer>> start_server(PostgresOptions options,
                                                     jobs::SqlService& service, Env& env,
                                                     std::unique_ptr<CatalogQueries> catalog);

}  // namespace dataflow::postgres
