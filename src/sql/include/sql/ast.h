// Statements as they were written: trees of names, nothing looked up yet.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sql/query.h"
#include "types/type.h"

namespace dataflow::sql {

// ---- definitions

enum class ColumnKind : uint8_t { kPhysical, kComputed, kMetadata };
struct ColumnDefinition {
  std::string name;
  ColumnKind kind = ColumnKind::kPhysical;
  Type type;
  int64_t length = 0;  // of VARCHAR(n) and CHAR(n), in characters; 0: any
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
  std::optional<WatermarkDefinition> watermark;  // for whoever reads it
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
  kUserFunctions,
  kCurrentCatalog,
  kCurrentDatabase,
  kModules,
  kFullModules,
  kJars,
};
struct Show {
  ShowKind kind = ShowKind::kTables;
  Name of;
  std::optional<std::string> like;
  bool negated = false;
  bool any_case = false;  // ILIKE
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
enum class TransactionWord : uint8_t {
  kBegin,
  kCommit,
  kRollback,
  kSavepoint,   // name
  kRelease,     // name
  kRollbackTo,  // name
};
struct Transaction {
  TransactionWord word = TransactionWord::kBegin;
  Name name = {};
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
