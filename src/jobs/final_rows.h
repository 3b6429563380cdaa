// What is done with a SELECT's rows when all are there: ORDER BY, OFFSET, LIMIT.
#pragma once

#include "jobs/collect.h"
#include "sql/compile.h"
#include "sql/settings.h"

namespace dataflow::jobs {

// Sorted, cut, and without the hidden columns.
std::vector<Row> final_rows(const sql::CompiledQuery& query, std::vector<Row> rows);

// What the rows of one result may take: 'query.result-memory'.
size_t result_memory(const sql::Settings& settings);

// The rows of a query that gives none before it knows all of them: those that it may give, and no
// more.
class KeptRows final : public RowTaker {
 public:
  // kTooLarge from add() beyond so many bytes. The query outlives it.
  KeptRows(const sql::CompiledQuery& query, size_t most_bytes);
  Status add(const Batch& batch) override;
  std::vector<Row> take();  // as final_rows() has them

 private:
  void cut();

  const sql::CompiledQuery& query_;
  const size_t most_bytes_;
  size_t wanted_ = SIZE_MAX;
  std::mutex mutex_;
  std::vector<Row> rows_;
  size_t bytes_ = 0;
};

}  // namespace dataflow::jobs
