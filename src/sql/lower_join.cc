// Joins, ranks and rows by window: nodes of the plan nearly as they are.
#include "lower.h"
#include "names.h"

namespace dataflow::sql {

Result<std::string> Lowering::lower_join(const Rel& rel, const JoinRel& join) {
  plan::Spec spec = join.spec;
  const auto* as_of = std::get_if<plan::TemporalJoinSpec>(&spec);
  // In a stream versions leave anyway.
  const bool versions = bounded_ && as_of != nullptr && as_of->time == plan::TimeKind::kEvent;
  DF_ASSIGN_OR_RETURN(std::string left, lower(rel.input(0)));
  DF_ASSIGN_OR_RETURN(std::string right,
                      lower(versions ? with_versions(rel.input(1)) : rel.input(1)));
  if (auto* regular = std::get_if<plan::JoinSpec>(&spec)) {
    regular->left_ttl_ms = regular->right_ttl_ms = ttl_ms_;
  }
  return add("join", std::move(spec), {std::move(left), std::move(right)}, rel.place);
}

Result<std::string> Lowering::lower_rank(const Rel& rel, const RankRel& rank, bool number) {
  DF_ASSIGN_OR_RETURN(std::string input, lower(rel.input()));
  if (rank.once) {
    plan::DeduplicateSpec spec = *rank.once;
    spec.ttl_ms = ttl_ms_;
    std::string id = add("deduplicate", std::move(spec), {std::move(input)}, rel.place);
    if (!number) return id;
    std::vector<plan::NamedExpression> columns = all_columns(*rel.input()->schema);
    columns.push_back(
        {rank.spec.number, expr::literal(Value::integer(Type::int64(), 1), rel.place)});
    return add("project", plan::ProjectSpec{std::move(columns)}, {std::move(id)}, rel.place);
  }
  plan::RankSpec spec = rank.spec;
  if (!number) spec.number.clear();
  if (!spec.by_window) spec.ttl_ms = ttl_ms_;
  return add("rank", std::move(spec), {std::move(input)}, rel.place);
}

Result<std::string> Lowering::lower_unnest(const Rel& rel, const UnnestRel& unnest) {
  plan::UnnestSpec spec;
  spec.collection = unnest.collection;
  for (const Field& field : rel.input()->schema->fields()) {
    if (rel.schema->find(field.name)) spec.kept.push_back(field.name);
  }
  spec.columns = unnest.columns;
  spec.ordinality = unnest.ordinality;
  spec.keep_empty = unnest.keep_empty;
  DF_ASSIGN_OR_RETURN(std::string input, lower(rel.input()));
  return add("unnest", std::move(spec), {std::move(input)}, rel.place);
}

Result<std::string> Lowering::lower_window_table(const Rel& rel, const WindowTableRel& window) {
  if (window.time == plan::TimeKind::kProcessing) {
    return at_place(rel.place,
                    "rows of a window table over PROCTIME() are only aggregated by window; use "
                    "event time");
  }
  if (window.kind == plan::WindowKind::kSession) return lower_session_rows(rel, window);
  plan::WindowTableSpec spec;
  spec.kind = window.kind;
  spec.time_column = window.time_column;
  spec.size_ms = window.size_ms;
  spec.slide_ms = window.slide_ms;
  spec.offset_ms = window.offset_ms;
  spec.time_zone = window.time_zone;
  DF_ASSIGN_OR_RETURN(std::string input, lower(rel.input()));
  return add("window_table", std::move(spec), {std::move(input)}, rel.place);
}

}  // namespace dataflow::sql
