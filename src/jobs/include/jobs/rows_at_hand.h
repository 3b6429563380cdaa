// Rows that are all there, as a stream.
#pragma once

#include <memory>
#include <vector>

#include "jobs/sql_session.h"

namespace dataflow::jobs {

std::unique_ptr<RowStream> rows_at_hand(std::vector<Row> rows);

}  // namespace dataflow::jobs
