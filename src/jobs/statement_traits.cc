#include "statement_traits.h"

#include <utility>

namespace dataflow::jobs {
namespace {

StatementTraits defines(std::string name) { return {std::move(name), false, true}; }

std::string kind_name(sql::ObjectKind kind) {
  switch (kind) {
    case sql::ObjectKind::kTable: return "TABLE";
    case sql::ObjectKind::kView: return "VIEW";
    case sql::ObjectKind::kMaterializedView: return "MATERIALIZED VIEW";
    case sql::ObjectKind::kFunction: return "FUNCTION";
    case sql::ObjectKind::kTest: return "TEST";
  }
  return "";
}

struct Traits {
  StatementTraits operator()(const sql::SelectStatement&) const { return {"", true, true}; }
  StatementTraits operator()(const sql::Insert&) const { return {"INSERT", true, true}; }
  StatementTraits operator()(const sql::Update&) const { return {"UPDATE", true, true}; }
  StatementTraits operator()(const sql::Delete&) const { return {"DELETE", true, true}; }
  StatementTraits operator()(const sql::StatementSet&) const {
    return defines("EXECUTE STATEMENT SET");
  }
  StatementTraits operator()(const sql::CreateTable& create) const {
    return defines(create.as ? "CREATE TABLE AS" : "CREATE TABLE");
  }
  StatementTraits operator()(const sql::CreateView& create) const {
    return defines(create.materialized ? "CREATE MATERIALIZED VIEW" : "CREATE VIEW");
  }
  StatementTraits operator()(const sql::CreateFunction&) const {
    return defines("CREATE FUNCTION");
  }
  StatementTraits operator()(const sql::Drop& drop) const {
    return defines("DROP " + kind_name(drop.kind));
  }
  StatementTraits operator()(const sql::AlterTable& alter) const {
    return defines(alter.view ? "ALTER VIEW" : "ALTER TABLE");
  }
  StatementTraits operator()(const sql::Explain& explain) const {
    StatementTraits of{"", true, true};
    if (explain.kind != sql::ExplainKind::kAnalyze) return of;
    // It runs what it explains.
    of.writes = traits_of(*explain.statement).writes;
    of.joins = of.writes.empty();
    return of;
  }
  // It waits for what was written, or never ends.
  StatementTraits operator()(const sql::Flush&) const { return {"", false, true}; }
  StatementTraits operator()(const sql::Subscribe&) const { return {"", false, true}; }
  StatementTraits operator()(const sql::CreateTest&) const { return {"", true, true}; }
  StatementTraits operator()(const sql::Set&) const { return {"", true, false}; }
  StatementTraits operator()(const sql::Show&) const { return {"", true, false}; }
  StatementTraits operator()(const sql::Describe&) const { return {"", true, false}; }
  StatementTraits operator()(const sql::Use&) const { return {"", true, false}; }
  StatementTraits operator()(const sql::Transaction&) const { return {"", true, false}; }
};

}  // namespace

StatementTraits traits_of(const sql::StatementAst& statement) {
  return std::visit(Traits(), statement.what);
}

}  // namespace dataflow::jobs
