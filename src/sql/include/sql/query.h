// Queries as they were written: trees of names, nothing looked up yet.
//
// Expressions are expr::Expression. What only a statement knows (a subquery, the clauses of an
// aggregate or of OVER, `*`) hangs in them as Kind::kExtension; see Clauses and Subquery.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "expr/expression.h"
#include "types/type.h"

namespace dataflow::sql {

using expr::ExpressionPtr;
using expr::Place;

// A name as written, with its qualifiers: `catalog.database.table`, `alias.column`.
struct Name {
  std::vector<std::string> parts;
  Place place;

  bool empty() const { return parts.empty(); }
  const std::string& last() const { return parts.back(); }
  std::string to_string() const;  // quoted where it must be
};

struct Query;
using QueryPtr = std::shared_ptr<const Query>;

// ---- inside of expressions

enum class NullsOrder : uint8_t { kUsual, kFirst, kLast };
struct OrderItem {
  ExpressionPtr expression;
  bool descending = false;
  NullsOrder nulls = NullsOrder::kUsual;
};

enum class FrameBound : uint8_t {
  kUnboundedPreceding,
  kPreceding,  // by an offset
  kCurrentRow,
  kFollowing,
  kUnboundedFollowing,
};
struct Frame {
  bool rows = false;  // ROWS, else RANGE
  FrameBound from = FrameBound::kUnboundedPreceding;
  FrameBound to = FrameBound::kCurrentRow;
  ExpressionPtr from_offset, to_offset;
};
// OVER (…), OVER name, and what a WINDOW clause names.
struct WindowDefinition {
  std::string base;  // the named window that it begins with; empty: none
  std::vector<ExpressionPtr> partition_by;
  std::vector<OrderItem> order_by;
  std::optional<Frame> frame;
  Place place;
};

// A call with clauses: COUNT(*), SUM(DISTINCT x) FILTER (WHERE …) OVER (…). The expression's name
// is the function's and its arguments are the call's.
struct Clauses final : expr::Extension {
  bool star = false;
  bool distinct = false;
  ExpressionPtr filter;
  std::vector<OrderItem> order_by;      // inside of the parentheses
  std::vector<OrderItem> within_group;  // WITHIN GROUP (ORDER BY …)
  bool ignore_nulls = false;
  std::optional<WindowDefinition> over;

  std::string to_string(const expr::Expression& call) const override;
};

enum class SubqueryKind : uint8_t { kScalar, kExists, kIn, kNotIn, kAny, kAll };
// (SELECT …), EXISTS (SELECT …), a IN (SELECT …), a > ALL (SELECT …). The operands are the
// expression's arguments; the name of kAny and kAll is the comparison.
struct Subquery final : expr::Extension {
  SubqueryKind kind = SubqueryKind::kScalar;
  QueryPtr query;

  std::string to_string(const expr::Expression& call) const override;
  bool is_closed(const expr::Expression& call) const override;
};

// `*` and `t.*` among the columns of a SELECT; in ORDER BY it is ALL.
struct Star final : expr::Extension {
  Name qualifier;

  std::string to_string(const expr::Expression& call) const override;
};

// ---- queries

struct TableRef;
using TableRefPtr = std::shared_ptr<const TableRef>;

// key='value' pairs, of WITH (…), SET and OPTIONS hints.
struct OptionText {
  std::string key, value;
  Place place, value_place;
};

struct NamedTable {
  Name name;
  std::vector<OptionText> hints;  // /*+ OPTIONS(…) */
  ExpressionPtr as_of;            // FOR SYSTEM_TIME AS OF; may be null
};

struct DerivedTable {
  QueryPtr query;
  bool lateral = false;
};

struct TableArgument {
  std::string name;  // of `DATA => TABLE t`, in capitals; empty: by position
  std::variant<ExpressionPtr, TableRefPtr, std::vector<Name>> value;  // the last: DESCRIPTOR(…)
  std::vector<ExpressionPtr> partition_by;                            // of a table
  Place place;
};
// TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL …)), TUMBLE(t, ts, INTERVAL …), UNNEST(a). The
// second one is read as the first.
struct TableFunction {
  std::string name;  // in capitals
  std::vector<TableArgument> arguments;
  bool lateral = false;
  bool with_ordinality = false;
};

enum class JoinType : uint8_t {
  kInner,
  kLeft,
  kRight,
  kFull,
  kCross,
  kSemi,
  kAnti,
  kAsof,
  kLeftAsof
};
struct JoinedTable {
  JoinType type = JoinType::kInner;
  TableRefPtr left, right;
  bool natural = false;
  ExpressionPtr on;
  std::vector<Name> using_columns;
};

struct TableRef {
  std::variant<NamedTable, DerivedTable, TableFunction, JoinedTable> what;
  std::string alias;
  std::vector<std::string> columns;  // AS alias (a, b)
  Place place;
};

struct SelectItem {
  ExpressionPtr expression;
  std::string alias;  // empty: none was given
};

struct Select {
  bool distinct = false;
  bool first_of_each = false;  // DISTINCT ON, which QUALIFY says; ORDER BY says which is first
  std::vector<SelectItem> items;
  TableRefPtr from;  // null: one row of nothing
  ExpressionPtr where;
  bool has_group_by = false;
  std::vector<ExpressionPtr> group_by;  // GROUP BY () is none of them
  ExpressionPtr having;
  ExpressionPtr qualify;
  std::vector<std::pair<std::string, WindowDefinition>> windows;
};

struct Values {
  std::vector<std::vector<ExpressionPtr>> rows;
};

enum class SetKind : uint8_t { kUnion, kIntersect, kExcept };
struct SetOperation {
  SetKind kind = SetKind::kUnion;
  bool all = false;
  QueryPtr left, right;
};

struct CommonTable {
  std::string name;
  std::vector<std::string> columns;
  QueryPtr query;
  Place place;
};

enum class Emit : uint8_t { kUsual, kOnWindowClose, kChanges };

struct Query {
  std::vector<CommonTable> with;
  std::variant<Select, Values, SetOperation> body;
  std::vector<OrderItem> order_by;
  ExpressionPtr limit, offset;
  Emit emit = Emit::kUsual;
  Place place;
};

}  // namespace dataflow::sql
