// Which expected row is which actual one.
#pragma once

#include <vector>

#include "jobs/test_pipeline.h"
#include "test_rows.h"

namespace dataflow::jobs {

struct CompareOptions {
  bool in_order = false;
  bool all_columns = false;
};

// Rows that are equal are brought together, as many as can be; of the rest those that are most
// alike. What is only expected stands where it is expected, what only came behind all.
std::vector<RowReport> compare_rows(const std::vector<ExpectedRow>& expected,
                                    const std::vector<ActualRow>& actual, const Schema& schema,
                                    const CompareOptions& options);

}  // namespace dataflow::jobs
