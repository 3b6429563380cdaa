// StatementParser: what is said to a session.
#include "base/edit_distance.h"
#include "keywords.h"
#include "statement_parser.h"

namespace dataflow::sql {

// SUBSCRIBE [TO] table | query | (query)
Result<Subscribe> StatementParser::parse_subscribe() {
  Subscribe subscribe;
  take();
  take_word("TO");
  if (peek().is_symbol("(") || begins_query(position())) {
    DF_ASSIGN_OR_RETURN(subscribe.query, parse_query());
    return subscribe;
  }
  DF_ASSIGN_OR_RETURN(Name name, parse_qualified("a query or the name of a table or view"));
  subscribe.query = all_of(name);
  return subscribe;
}

// SET | SET 'key' = 'value' | SET key = value, where a value without quotes goes on to the end.
Result<Set> StatementParser::parse_set() {
  Set set;
  take();
  if (peek().is_symbol(";") || peek().kind == TokenKind::kEnd) return set;
  DF_ASSIGN_OR_RETURN(set.key, parse_option_key());
  if (!take_symbol("=") && !take_word("TO")) return expected("`=`");
  const TokenKind kind = peek().kind;
  const bool alone = peek(1).is_symbol(";") || peek(1).kind == TokenKind::kEnd;
  if (kind == TokenKind::kString) {
    set.value = take().text;
    return set;
  }
  if (kind == TokenKind::kQuoted && alone) {
    set.value = take().text;
    return set;
  }
  const size_t from = position();
  while (!peek().is_symbol(";") && peek().kind != TokenKind::kEnd) take();
  if (position() == from) return expected("a value");
  set.value = text_between(from, position());
  return set;
}

Result<Set> StatementParser::parse_reset() {
  Set set;
  set.reset = true;
  take();
  if (peek().is_symbol(";") || peek().kind == TokenKind::kEnd) return set;
  DF_ASSIGN_OR_RETURN(set.key, parse_option_key());
  return set;
}

Result<Show> StatementParser::parse_show() {
  struct Kind {
    const char* words;
    ShowKind kind;
    bool named;
  };
  static constexpr Kind kKinds[] = {{"TABLES", ShowKind::kTables, false},
                                    {"VIEWS", ShowKind::kViews, false},
                                    {"MATERIALIZED VIEWS", ShowKind::kMaterializedViews, false},
                                    {"USER FUNCTIONS", ShowKind::kUserFunctions, false},
                                    {"FUNCTIONS", ShowKind::kFunctions, false},
                                    {"COLUMNS", ShowKind::kColumns, true},
                                    {"CREATE TABLE", ShowKind::kCreateTable, true},
                                    {"CREATE VIEW", ShowKind::kCreateView, true},
                                    {"CREATE MATERIALIZED VIEW", ShowKind::kCreateView, true},
                                    {"CATALOGS", ShowKind::kCatalogs, false},
                                    {"DATABASES", ShowKind::kDatabases, false},
                                    {"CURRENT CATALOG", ShowKind::kCurrentCatalog, false},
                                    {"CURRENT DATABASE", ShowKind::kCurrentDatabase, false},
                                    {"MODULES", ShowKind::kModules, false},
                                    {"FULL MODULES", ShowKind::kFullModules, false},
                                    {"JARS", ShowKind::kJars, false},
                                    {"JOBS", ShowKind::kJobs, false},
                                    {"SETTINGS", ShowKind::kSettings, false},
                                    {"ALL", ShowKind::kSettings, false}};
  take();
  const Token& what = peek();
  for (const Kind& known : kKinds) {
    if (!take_words(known.words)) continue;
    Show show;
    show.kind = known.kind;
    const bool from = take_word("FROM") || take_word("IN");
    if (known.kind == ShowKind::kColumns && !from) return expected("FROM and the name of a table");
    if (known.named || from) {
      DF_ASSIGN_OR_RETURN(show.of, parse_qualified("a name"));
    }
    DF_RETURN_IF_ERROR(parse_show_filter(show));
    return show;
  }
  for (const char* known :
       {"CURRENT", "PARTITIONS", "FULL", "PROCEDURES", "MODELS", "CREATE", "PLAN"}) {
    if (what.is_word(known)) return unsupported(what, "SHOW " + what.upper);
  }
  std::vector<std::string> words;
  for (const Kind& known : kKinds) words.emplace_back(known.words);
  return expected("TABLES, VIEWS, COLUMNS, CREATE TABLE or another thing to show",
                  suggestion(what.upper, words));
}

Status StatementParser::parse_show_filter(Show& show) {
  show.negated = peek().is_word("NOT") && (peek(1).is_word("LIKE") || peek(1).is_word("ILIKE"));
  if (show.negated) take();
  show.any_case = peek().is_word("ILIKE");
  if (!take_word("LIKE") && !take_word("ILIKE")) return {};
  DF_ASSIGN_OR_RETURN(show.like, parse_string("a pattern in quotes"));
  return {};
}

Result<Describe> StatementParser::parse_describe() {
  Describe describe;
  take();
  if (peek().is_word("EXTENDED") && at_name(1)) describe.extended = take_word("EXTENDED");
  if ((peek().is_word("TABLE") || peek().is_word("VIEW")) && at_name(1)) take();
  DF_ASSIGN_OR_RETURN(describe.name, parse_qualified("the name of a table or view"));
  return describe;
}

// EXPLAIN [PLAN FOR | PLAN JSON [FOR] | ANALYZE | WATERMARK | FLINK | details, …] statement, and
// EXPLAIN WATERMARK view
Result<Explain> StatementParser::parse_explain() {
  Explain explain;
  take();
  if (take_words("PLAN JSON") || take_word("JSON_EXECUTION_PLAN")) {
    explain.kind = ExplainKind::kPlanJson;
    take_word("FOR");
  } else if (take_words("PLAN FOR")) {
    explain.kind = ExplainKind::kPlan;
  } else if (take_word("ANALYZE")) {
    explain.kind = ExplainKind::kAnalyze;
  } else if (take_word("WATERMARK")) {
    explain.kind = ExplainKind::kWatermark;
  } else if (take_word("FLINK")) {
    explain.kind = ExplainKind::kFlink;
  } else {
    for (bool more = true; more;) {  // Flink's details of a plan
      more = (take_word("ESTIMATED_COST") || take_word("CHANGELOG_MODE") ||
              take_word("PLAN_ADVICE")) &&
             take_symbol(",");
    }
    if (take_word("JSON_EXECUTION_PLAN")) explain.kind = ExplainKind::kPlanJson;
  }
  const Token& inner = peek();
  if (inner.is_word("EXPLAIN")) return expected("the statement to explain");
  const bool ends = peek(1).kind == expr::TokenKind::kEnd || peek(1).is_symbol(";");
  if (explain.kind == ExplainKind::kWatermark && at_name() && ends) {  // a view's alone
    StatementAst of;
    of.place = inner.place;
    DF_ASSIGN_OR_RETURN(const Name name, parse_qualified("the name of a view"));
    of.what = SelectStatement{all_of(name)};
    of.text = name.to_string();
    explain.statement = std::make_shared<const StatementAst>(std::move(of));
    return explain;
  }
  DF_ASSIGN_OR_RETURN(StatementAst statement, parse_statement());
  explain.statement = std::make_shared<const StatementAst>(std::move(statement));
  return explain;
}

Result<Use> StatementParser::parse_use() {
  Use use;
  take();
  if (peek().is_word("MODULES")) return unsupported(peek(), "USE MODULES");
  if (peek().is_word("CATALOG") && at_name(1)) use.catalog = take_word("CATALOG");
  if (peek().is_word("DATABASE") && at_name(1)) take();
  DF_ASSIGN_OR_RETURN(use.name, parse_qualified("the name of a database"));
  return use;
}

Result<Flush> StatementParser::parse_flush() {
  Flush flush;
  take();
  if (peek().is_symbol(";") || peek().kind == TokenKind::kEnd) return flush;
  DF_ASSIGN_OR_RETURN(flush.name, parse_qualified("the name of a table or view"));
  return flush;
}

// How a transaction is kept apart from others is of no account: clients send it, and it is taken.
// READ ONLY and READ WRITE are the name of a BEGIN that says one of them.
Result<Transaction> StatementParser::parse_transaction() {
  Transaction transaction;
  const Token& word = take();
  if (word.upper == "SAVEPOINT" || word.upper == "RELEASE") {
    const bool release = word.upper == "RELEASE";
    if (release) take_word("SAVEPOINT");
    transaction.word = release ? TransactionWord::kRelease : TransactionWord::kSavepoint;
    DF_ASSIGN_OR_RETURN(transaction.name, parse_qualified("the name of a savepoint"));
    return transaction;
  }
  if (word.upper == "START") DF_RETURN_IF_ERROR(expect_word("TRANSACTION"));
  if (word.upper == "COMMIT" || word.upper == "END") transaction.word = TransactionWord::kCommit;
  if (word.upper == "ROLLBACK" || word.upper == "ABORT") {
    transaction.word = TransactionWord::kRollback;
  }
  if (!take_word("TRANSACTION")) take_word("WORK");
  if (transaction.word == TransactionWord::kRollback && take_word("TO")) {
    take_word("SAVEPOINT");
    transaction.word = TransactionWord::kRollbackTo;
    DF_ASSIGN_OR_RETURN(transaction.name, parse_qualified("the name of a savepoint"));
    return transaction;
  }
  while (true) {
    if (take_words("ISOLATION LEVEL")) {
      if (!take_words("READ COMMITTED") && !take_words("READ UNCOMMITTED") &&
          !take_words("REPEATABLE READ") && !take_word("SERIALIZABLE")) {
        return expected("READ COMMITTED, REPEATABLE READ or SERIALIZABLE");
      }
    } else if (take_words("READ ONLY")) {
      transaction.name.parts = {"READ ONLY"};
    } else if (take_words("READ WRITE")) {
      transaction.name.parts = {"READ WRITE"};
    } else if (!take_words("NOT DEFERRABLE") && !take_word("DEFERRABLE") && !take_symbol(",")) {
      return transaction;
    }
  }
}

}  // namespace dataflow::sql
