// What a WHERE says of a keyed table's key: the range of keys that its rows can have. A range may
// hold more rows than the condition lets through, never fewer; whole equalities need not be asked
// again.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/stored_rows.h"
#include "expr/expression.h"
#include "sql/parser.h"
#include "table_index.h"
#include "types/schema.h"

namespace dataflow::jobs {

// Parameters that stand in a plan until their values are known: NULLs of their types at places that
// no text has.
sql::Parameters as_markers(const std::vector<Type>& types);
bool has_parameters(const expr::Expression& expression);
// As sql_parameters.h has them: literals. The same tree where it has no parameters.
expr::ExpressionPtr with_values(const expr::ExpressionPtr& expression,
                                const std::vector<Value>& values);

class KeyConditions {
 public:
  // `key`: columns of the schema, in their order.
  KeyConditions(SchemaPtr schema, std::vector<std::string> key)
      : schema_(std::move(schema)), key_(std::move(key)), columns_(key_.size()) {}

  // A condition that every row fulfils; it may stand in $IN_ZONE. `names`: what the key's columns
  // are called in it.
  void add(const expr::ExpressionPtr& condition, const std::map<std::string, std::string>& names);
  // Whether range() has it, so that all rows of the range fulfil it.
  bool is_in_range(const expr::ExpressionPtr& condition) const;

  // In order, apart from each other. None: no row can fulfil them.
  Result<std::vector<KeyRange>> ranges(const engine::StoredRows& codec,
                                       const std::vector<Value>& parameters) const;

 private:
  enum class Compare : uint8_t { kEqual, kLess, kLessEqual, kGreater, kGreaterEqual };
  struct Operand {
    expr::ExpressionPtr expression;
    std::optional<Value> value;       // where it has no parameters
    std::optional<size_t> parameter;  // it is this one alone
  };
  struct Condition {
    Compare compare = Compare::kEqual;
    std::vector<Operand> operands;  // of kEqual: it is one of them
    expr::ExpressionPtr from;
  };

  void add(const expr::Expression& condition, const std::map<std::string, std::string>& names,
           const expr::ExpressionPtr& from);
  void add_compare(Compare compare, const expr::ExpressionPtr& column,
                   std::span<const expr::ExpressionPtr> operands,
                   const std::map<std::string, std::string>& names,
                   const expr::ExpressionPtr& from);
  static std::optional<Operand> operand_of(const expr::ExpressionPtr& expression,
                                           const Type& column);
  // None: no value of the column's type is that one (NULL, too large).
  Result<std::optional<Value>> value_of(const Operand& operand, size_t column,
                                        const std::vector<Value>& parameters) const;
  // Of keys that begin with these values.
  Result<KeyRange> range_of(const engine::StoredRows& codec, std::vector<Value> key,
                            const std::vector<Value>& parameters) const;
  const Type& type_of(size_t column) const;
  // Of so many of the first columns the values are known.
  size_t equal_columns() const;

  const SchemaPtr schema_;
  const std::vector<std::string> key_;
  std::vector<std::vector<Condition>> columns_;  // of each of the key; an equality stands first
};

}  // namespace dataflow::jobs
