#include "explain_statement.h"

#include "sql/flink.h"
#include "sql/parser.h"
#include "watermark_text.h"

namespace dataflow::jobs {
namespace {

// SELECT * FROM t WHERE …: what UPDATE and DELETE read.
sql::Query rows_of(const sql::Name& table, const sql::ExpressionPtr& where) {
  auto ref = std::make_shared<sql::TableRef>();
  sql::NamedTable named;
  named.name = table;
  ref->what = std::move(named);
  ref->place = table.place;
  auto star = std::make_shared<expr::Expression>();
  star->kind = expr::Kind::kExtension;
  star->extension = std::make_shared<const sql::Star>();
  sql::Select select;
  select.items.push_back({std::move(star), ""});
  select.from = std::move(ref);
  select.where = where;
  sql::Query query;
  query.body = std::move(select);
  query.place = table.place;
  return query;
}

class PlanOf {
 public:
  PlanOf(const sql::StatementAst& statement, const sql::Catalog& catalog,
         const sql::Settings& settings, const std::string& script)
      : statement_(statement), catalog_(catalog), settings_(settings), script_(script) {}

  Result<ExplainedPlan> operator()(const sql::SelectStatement& select) {
    return of_query(*select.query, false);
  }
  Result<ExplainedPlan> operator()(const sql::Subscribe& what) {
    return of_query(*what.query, true);
  }
  Result<ExplainedPlan> operator()(const sql::Insert& insert) { return of_inserts({insert}); }
  Result<ExplainedPlan> operator()(const sql::StatementSet& set) { return of_inserts(set.inserts); }
  Result<ExplainedPlan> operator()(const sql::CreateView& view) {
    if (!view.materialized) {
      const bool batch = settings_.mode() == sql::RuntimeMode::kBatch;
      return of_query(*view.query, !batch);
    }
    DF_ASSIGN_OR_RETURN(sql::CompiledView made,
                        sql::compile_view(view, catalog_, settings_, script_));
    return of(std::move(made.compiled));
  }
  Result<ExplainedPlan> operator()(const sql::CreateTable& table) {
    if (table.as != nullptr) return of_query(*table.as, false);
    return none();
  }
  Result<ExplainedPlan> operator()(const sql::Update& update) {
    return of_query(rows_of(update.target, update.where), false);
  }
  Result<ExplainedPlan> operator()(const sql::Delete& remove) {
    return of_query(rows_of(remove.target, remove.where), false);
  }
  Result<ExplainedPlan> operator()(const auto&) { return none(); }

 private:
  static ExplainedPlan of(sql::Compiled made) {
    return {std::move(made.plan), std::move(made.warnings)};
  }
  Result<ExplainedPlan> of_query(const sql::Query& query, bool following) {
    DF_ASSIGN_OR_RETURN(sql::CompiledQuery made,
                        sql::compile(query, catalog_, settings_, script_, following));
    return of(std::move(made.compiled));
  }
  Result<ExplainedPlan> of_inserts(const std::vector<sql::Insert>& inserts) {
    DF_ASSIGN_OR_RETURN(sql::Compiled made, sql::compile(inserts, catalog_, settings_, script_));
    return of(std::move(made));
  }
  Status none() const {
    return sql::error_at(script_, statement_.place,
                         "this statement has no plan; EXPLAIN takes SELECT, INSERT, a statement "
                         "set, SUBSCRIBE TO, UPDATE, DELETE, CREATE [MATERIALIZED] VIEW and CREATE "
                         "TABLE … AS");
  }

  const sql::StatementAst& statement_;
  const sql::Catalog& catalog_;
  const sql::Settings& settings_;
  const std::string& script_;
};

}  // namespace

Result<ExplainedPlan> plan_of(const sql::StatementAst& statement, const sql::Catalog& catalog,
                              const sql::Settings& settings, const std::string& script) {
  return std::visit(PlanOf(statement, catalog, settings, script), statement.what);
}

Result<std::string> planned_watermark(const sql::StatementAst& statement,
                                      const sql::Catalog& catalog, const sql::Settings& settings,
                                      const std::string& script) {
  sql::StatementAst following = statement;
  // A query that ends waits for no watermark; the one that goes on does.
  if (const auto* select = std::get_if<sql::SelectStatement>(&statement.what)) {
    following.what = sql::Subscribe{select->query};
  }
  DF_ASSIGN_OR_RETURN(const ExplainedPlan made, plan_of(following, catalog, settings, script));
  return "this statement does not run; its watermark would be\n" + watermark_text(made.plan);
}

Result<ExplainText> explain_statement(const sql::Explain& explain, const sql::Catalog& catalog,
                                      const sql::Settings& settings, const std::string& script,
                                      const std::string& name, const std::string& kafka_address) {
  const sql::StatementAst& statement = *explain.statement;
  const auto* table = std::get_if<sql::CreateTable>(&statement.what);
  const bool flink = explain.kind == sql::ExplainKind::kFlink;
  if (flink && table != nullptr && table->as == nullptr) {
    DF_ASSIGN_OR_RETURN(std::string text,
                        sql::flink_script(statement, catalog, settings, script, kafka_address));
    return ExplainText{std::move(text), {}};
  }
  // What does not run here is not printed either.
  DF_ASSIGN_OR_RETURN(ExplainedPlan made, plan_of(statement, catalog, settings, script));
  if (made.plan.name.empty()) made.plan.name = name;
  ExplainText out;
  out.warnings = std::move(made.warnings);
  if (flink) {
    DF_ASSIGN_OR_RETURN(out.text,
                        sql::flink_script(statement, catalog, settings, script, kafka_address));
  } else if (explain.kind == sql::ExplainKind::kPlanJson) {
    out.text = plan::to_json(made.plan);
  } else {
    out.text = plan::explain(made.plan);
  }
  return out;
}

}  // namespace dataflow::jobs
