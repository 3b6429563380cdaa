// The rows of a query as its job makes them. The job rests while as many wait as are worth having
// at hand, and ends with the stream.
#pragma once

#include <memory>
#include <optional>

#include "plan/plan.h"
#include "sql_client.h"

namespace dataflow::jobs {

struct QueryShape {
  size_t columns = 0;            // those behind go
  bool says_change = false;      // "+I", "-U", "+U" or "-D" stands in front
  int64_t offset = 0;            // of the rows that come
  std::optional<int64_t> limit;  // with the last of them the job ends
};

// `await`: returns when there is a row, or none will be, or the query has failed.
Result<std::unique_ptr<RowStream>> start_query(SqlClient& client, plan::Plan plan,
                                               const QueryShape& shape, bool await);

}  // namespace dataflow::jobs
