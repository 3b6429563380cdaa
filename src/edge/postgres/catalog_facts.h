// The catalog's contents: what never changes, and what follows from the relations that there are.
#pragma once

#include <vector>

#include "catalog_functions.h"
#include "duck_database.h"
#include "jobs/sql_session.h"

namespace dataflow::postgres {

// Tables, functions, and the rows that never change; then nothing can be configured any more.
Status create_catalog(DuckDatabase& duck, const CatalogIdentity& identity);

// Replaces the rows that follow from relations. An OID follows from what the thing is and from its
// name, so that it is the same after a restart, and when the thing has been dropped and made again.
Status fill_catalog(DuckDatabase& duck, const std::vector<jobs::RelationFacts>& relations);

}  // namespace dataflow::postgres
