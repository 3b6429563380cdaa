// PointRead: a SELECT over one keyed table, by its key or a range of it, answered from the table's
// index: the rows that a job would give, without one. What is neither found by key nor cheap goes
// through a job.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "expr/bound.h"
#include "jobs/collect.h"
#include "key_conditions.h"
#include "sql/compile.h"
#include "sql_client.h"

namespace dataflow::jobs {

class PointRead {
 public:
  // Of a query as it was written: whether it is worth a look.
  static bool may_be(const sql::Query& query);
  // Null: it is another kind of query. Its parameters may be markers (as_markers()).
  static std::unique_ptr<PointRead> make(const sql::CompiledQuery& query,
                                         const sql::Catalog& catalog);

  // None: a job has to answer: there is no index, there are very many rows, or one of them fails,
  // which a job finds the words for. Used by one thread.
  std::optional<std::vector<Row>> run(SqlClient& client, const std::vector<Value>& parameters);

 private:
  // A filter or a projection.
  struct Stage {
    bool filter = false;
    SchemaPtr input, output;
    std::vector<expr::ExpressionPtr> expressions;
    bool parameters = false;
    std::vector<expr::BoundPtr> bound;  // where there are none
  };

  PointRead(plan::SourceSpec source, KeyConditions conditions)
      : source_(std::move(source)), conditions_(std::move(conditions)) {}

  bool add_stages(const plan::Plan& plan);
  bool leave_out_key();
  Result<std::optional<std::vector<Row>>> try_run(SqlClient& client,
                                                  const std::vector<Value>& parameters);
  static Result<std::vector<expr::BoundPtr>> bind(const Stage& stage,
                                                  const std::vector<Value>& parameters);
  static Result<std::optional<Batch>> pass(const Stage& stage, const Batch& batch,
                                           const std::vector<Value>& parameters,
                                           int64_t now_millis);

  const plan::SourceSpec source_;
  KeyConditions conditions_;
  std::vector<Stage> stages_;
  sql::CompiledQuery shape_;    // without its plan
  std::optional<size_t> most_;  // no row behind so many is wanted
};

}  // namespace dataflow::jobs
