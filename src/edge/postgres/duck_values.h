// Columns and values of DuckDB's as ours.
#pragma once

#include <vector>

#include "duck_library.h"
#include "jobs/collect.h"
#include "types/type.h"

namespace dataflow::postgres {

// A type of DuckDB's. kUnsupported for those that no question needs: intervals, rows, maps, …
struct DuckType {
  Type type;
  duckdb_type id = DUCKDB_TYPE_INVALID;
  duckdb_type storage = DUCKDB_TYPE_INVALID;  // of decimals
  std::vector<DuckType> element;              // one, of lists
};
Result<DuckType> duck_type(const DuckLibrary& duck, duckdb_logical_type type);

// Appends the rows of a part of a result.
void append_rows(const DuckLibrary& duck, const std::vector<DuckType>& types,
                 duckdb_data_chunk chunk, std::vector<jobs::Row>& rows);

}  // namespace dataflow::postgres
