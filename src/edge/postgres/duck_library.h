// The functions of DuckDB's library, which is loaded when somebody first asks for them: a server
// that nobody asks about its catalog does not pay for it.
#pragma once

#include <duckdb.h>

#include "base/status.h"

namespace dataflow::postgres {

// Each under its name without "duckdb_".
#define DATAFLOW_DUCKDB_FUNCTIONS(f)                                                              \
  f(append_bool) f(append_int64) f(append_null) f(append_varchar_length) f(appender_close)        \
      f(appender_create) f(appender_destroy) f(appender_end_row) f(appender_error) f(close)       \
          f(column_count) f(column_logical_type) f(column_name) f(connect) f(create_config)       \
              f(data_chunk_get_size) f(data_chunk_get_vector) f(decimal_scale) f(decimal_width)   \
                  f(decimal_internal_type) f(destroy_config) f(destroy_data_chunk)                \
                      f(destroy_logical_type) f(destroy_pending) f(destroy_prepare)               \
                          f(destroy_result) f(disconnect) f(execute_pending) f(fetch_chunk)       \
                              f(free) f(get_type_id) f(list_type_child_type)                      \
                                  f(list_vector_get_child) f(open_ext) f(pending_error)           \
                                      f(pending_execute_task) f(pending_execution_is_finished)    \
                                          f(pending_prepared) f(prepare) f(prepare_error)         \
                                              f(prepared_statement_type) f(query) f(result_error) \
                                                  f(set_config) f(validity_row_is_valid)          \
                                                      f(vector_get_data) f(vector_get_validity)

struct DuckLibrary {
#define DATAFLOW_DUCKDB_POINTER(name) decltype(&::duckdb_##name) name = nullptr;
  DATAFLOW_DUCKDB_FUNCTIONS(DATAFLOW_DUCKDB_POINTER)
#undef DATAFLOW_DUCKDB_POINTER
};

// libduckdb.so, looked for beside this program, in build/duckdb of the checkout that it stands in,
// where the environment's DATAFLOW_DUCKDB says, and where the program's other libraries are. It
// stays loaded. Thread-safe. kUnavailable says
// where it was looked for.
Result<const DuckLibrary*> duck_library();

}  // namespace dataflow::postgres
