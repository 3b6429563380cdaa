// What a query's value becomes on its way into a column of a table.
#pragma once

#include <string>

#include "names.h"
#include "sql/catalog.h"
#include "sql/settings.h"

namespace dataflow::sql {

// A column of a query.
struct GivenValue {
  std::string name;  // as its user sees it
  ExpressionPtr value;
  Type type;
  bool nullable = true;
  bool null_literal = false;
  bool text_literal = false;
};

// In a table of a connector a value must fit by its type, as in Flink. In one that the server keeps
// it is assigned as PostgreSQL does it, and a row whose value does not fit (a number out of the
// column's range, a text that is too long, NULL where there must be a value) fails. kInvalid,
// without a place, where the types have nothing to do with each other.
// Rows that `nulls` leaves out are the caller's to leave out.
Result<ExpressionPtr> assigned(const Table& table, const ColumnDefinition& column,
                               const GivenValue& given, NullRows nulls);
// Whether a row may have NULL where there must be a value.
bool may_lack_value(const ColumnDefinition& column, const GivenValue& given);

}  // namespace dataflow::sql
