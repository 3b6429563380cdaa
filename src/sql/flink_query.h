// Queries in Flink's dialect: what only we have is said in its words, or refused with the reason.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "flink_names.h"
#include "sql/ast.h"
#include "sql/catalog.h"

namespace dataflow::sql {

// Who writes the definitions of what queries read.
class FlinkReads {
 public:
  virtual ~FlinkReads() = default;
  virtual Status reads(const Table& table, const NamedTable& named) = 0;
  virtual Status reads(const View& view) = 0;
  // Whether the statement is one of batch mode there.
  virtual bool in_batch_mode() const = 0;
};

class FlinkQueries {
 public:
  // All outlive it.
  FlinkQueries(const Catalog& catalog, FlinkReads& reads) : catalog_(catalog), reads_(reads) {}

  Result<std::string> text(const Query& query);
  // Over the columns of a table.
  Result<std::string> text(const ExpressionPtr& expression, std::vector<std::string> columns);
  // What the query's columns are called.
  std::vector<std::string> names_of(const Query& query);

 private:
  using Common = std::map<std::string, std::vector<std::string>>;

  Result<std::string> body(const Query& query);
  Result<std::string> select(const Select& select, const std::vector<OrderItem>& order_by);
  Result<std::string> list(const Select& select);
  Result<std::string> tail(const Select& select);
  ExpressionPtr key_of(const Select& select, const ExpressionPtr& key);
  Result<std::string> side(const Query& query, int least);
  Result<std::string> order(const std::vector<OrderItem>& order_by);
  Result<WindowDefinition> window(const WindowDefinition& window);

  // FROM (flink_from.cc). Conditions of semi joins go into `where`.
  Result<std::string> from(const TableRef& ref, std::vector<std::string>& where);
  Result<std::string> table(const TableRef& ref);
  Result<std::string> named(const NamedTable& named, Place place);
  Result<std::string> function(const TableFunction& function, Place place);
  Result<std::string> argument(const TableArgument& argument);
  Result<std::string> join(const JoinedTable& join, Place place);
  Result<std::string> exists(const JoinedTable& join);
  std::vector<std::string> names_of(const TableRef& ref, bool with_aliases);
  std::vector<std::string> names_of(const NamedTable& named);
  const std::vector<std::string>* find_common(const Name& name, std::string* spelled) const;

  // Expressions (flink_expression.cc).
  Result<ExpressionPtr> expression(const ExpressionPtr& expression);
  Result<ExpressionPtr> call(const ExpressionPtr& call);
  Result<ExpressionPtr> extension(const ExpressionPtr& extension);
  Result<std::string> list(const std::vector<ExpressionPtr>& expressions);

  const Catalog& catalog_;
  FlinkReads& reads_;
  FlinkSpelling spelling_;
  std::vector<Common> common_;  // WITH, the innermost last
};

}  // namespace dataflow::sql
