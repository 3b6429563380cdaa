// Statements as they were written: trees of names, nothing looked up yet.
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

// `*` and `t.*` among the columns of a SELECT.
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

// ---- definitions

enum class ColumnKind : uint8_t { kPhysical, kComputed, kMetadata };
struct ColumnDefinition {
  std::string name;
  ColumnKind kind = ColumnKind::kPhysical;
  Type type;
  bool nullable = true;
  bool primary_key = false;
  ExpressionPtr computed;
  std::string metadata;  // the key in FROM '…'; empty: the column's name
  bool is_virtual = false;
  std::string comment;
  Place place;
};

struct WatermarkDefinition {
  Name column;
  ExpressionPtr expression;  // ts - INTERVAL '5' SECOND
  Place place;
};

struct PrimaryKey {
  std::vector<Name> columns;
  bool enforced = false;  // NOT ENFORCED is what Flink asks for
  Place place;
};

struct LikeClause {
  Name table;
  // INCLUDING, EXCLUDING, OVERWRITING × ALL, GENERATED, OPTIONS, …, as written in capitals.
  std::vector<std::pair<std::string, std::string>> choices;
};

struct CreateTable {
  Name name;
  bool temporary = false;
  bool if_not_exists = false;
  bool or_replace = false;
  std::vector<ColumnDefinition> columns;
  std::optional<WatermarkDefinition> watermark;
  std::optional<PrimaryKey> primary_key;
  std::vector<Name> partitioned_by;
  std::vector<OptionText> options;
  bool has_options = false;  // WITH was written
  std::optional<LikeClause> like;
  QueryPtr as;  // CREATE TABLE … AS
  std::string comment;
};

struct CreateView {
  Name name;
  bool materialized = false;
  bool temporary = false;
  bool if_not_exists = false;
  bool or_replace = false;
  std::vector<std::string> columns;
  std::optional<PrimaryKey> primary_key;
  std::vector<OptionText> options;
  QueryPtr query;
  std::string query_text;  // as written
  std::string comment;
};

struct CreateFunction {
  Name name;
  bool temporary = false, if_not_exists = false, or_replace = false;
  std::vector<std::pair<std::string, Type>> parameters;
  std::optional<Type> returns;
  ExpressionPtr body;
};

enum class ObjectKind : uint8_t { kTable, kView, kMaterializedView, kFunction, kTest };
struct Drop {
  ObjectKind kind = ObjectKind::kTable;
  Name name;
  bool temporary = false, if_exists = false, cascade = false;
};

struct AlterTable {
  Name name;
  bool if_exists = false;
  bool view = false;
  std::string rename_to;                                     // RENAME TO
  std::vector<OptionText> set;                               // SET (…)
  std::vector<std::string> reset;                            // RESET (…)
  std::vector<ColumnDefinition> add;                         // ADD …
  std::vector<Name> drop_columns;                            // DROP …
  std::vector<std::pair<Name, std::string>> rename_columns;  // RENAME a TO b
  std::optional<WatermarkDefinition> watermark;              // ADD or MODIFY WATERMARK
  bool drop_watermark = false;
  QueryPtr as;  // ALTER VIEW … AS
  std::string as_text;
};

// ---- the others

struct Insert {
  Name target;
  std::vector<Name> columns;
  std::vector<std::pair<Name, ExpressionPtr>> partition;  // PARTITION (a = 1)
  bool overwrite = false;
  std::vector<OptionText> hints;  // /*+ OPTIONS(…) */ of the target
  QueryPtr query;
};
struct StatementSet {
  std::vector<Insert> inserts;
};
struct Update {
  Name target;
  std::vector<std::pair<Name, ExpressionPtr>> set;
  ExpressionPtr where;
};
struct Delete {
  Name target;
  ExpressionPtr where;
};
struct SelectStatement {
  QueryPtr query;
};
struct Subscribe {
  QueryPtr query;  // SUBSCRIBE TO t is SELECT * FROM t
};
struct Set {
  std::string key;  // empty: SET alone, which shows all
  std::string value;
  bool reset = false;  // RESET 'key', or all with no key
};
enum class ShowKind : uint8_t {
  kTables,
  kViews,
  kMaterializedViews,
  kFunctions,
  kColumns,
  kCreateTable,
  kCreateView,
  kCatalogs,
  kDatabases,
  kJobs,
  kSettings,
};
struct Show {
  ShowKind kind = ShowKind::kTables;
  Name of;
  std::optional<std::string> like;
  bool negated = false;
};
struct Describe {
  Name name;
  bool extended = false;
};
enum class ExplainKind : uint8_t { kPlan, kAnalyze, kWatermark, kPlanJson, kFlink };
struct StatementAst;
struct Explain {
  ExplainKind kind = ExplainKind::kPlan;
  std::shared_ptr<const StatementAst> statement;
};
struct Use {
  bool catalog = false;
  Name name;
};
struct Flush {
  Name name;  // empty: all
};
enum class TransactionWord : uint8_t { kBegin, kCommit, kRollback };
struct Transaction {
  TransactionWord word = TransactionWord::kBegin;
};
// CREATE TEST name GIVEN t VALUES (…) … EXPECT query VALUES (…)
struct CreateTest {
  Name name;
  struct Given {
    Name table;
    std::vector<Name> columns;
    Values rows;
  };
  std::vector<Given> given;
  struct Expect {
    QueryPtr query;
    bool ordered = false;
    Values rows;
  };
  std::vector<Expect> expect;
};

struct StatementAst {
  std::variant<SelectStatement, Insert, StatementSet, CreateTable, CreateView, CreateFunction, Drop,
               AlterTable, Update, Delete, Subscribe, Set, Show, Describe, Explain, Use, Flush,
               Transaction, CreateTest>
      what;
  Place place;       // where it begins
  std::string text;  // as written, without the semicolon
};

}  // namespace dataflow::sql
