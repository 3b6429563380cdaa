#include "values_rows.h"

#include "expr/bound.h"
#include "plan_chain.h"

namespace dataflow::jobs {
namespace {

// What the source has, in one batch; more is a job's work.
Result<std::optional<Batch>> only_batch(const plan::Plan& plan, engine::Connectors& connectors) {
  const plan::Node& node = plan.nodes.front();
  const auto* source = std::get_if<plan::SourceSpec>(&node.spec);
  if (source == nullptr || source->connector != "values" || source->watermark ||
      !source->computed.empty()) {
    return std::optional<Batch>();
  }
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<engine::Source> made,
                      connectors.make_source(*source, {plan.name, node.id, true, {}}));
  DF_ASSIGN_OR_RETURN(const std::vector<engine::Split> splits, made->splits());
  if (splits.size() != 1) return std::optional<Batch>();
  DF_ASSIGN_OR_RETURN(const auto reader, made->open(splits.front()));
  DF_ASSIGN_OR_RETURN(const auto decoder, made->make_decoder());
  engine::Chunk chunk, next;
  DF_ASSIGN_OR_RETURN(const engine::Polled polled, reader->poll(chunk));
  if (polled != engine::Polled::kMore) return std::optional<Batch>();
  DF_ASSIGN_OR_RETURN(const engine::Polled behind, reader->poll(next));
  if (behind != engine::Polled::kEnd) return std::optional<Batch>();
  engine::DecodedRows decoded;
  std::vector<engine::SourceFault> faults;
  DF_RETURN_IF_ERROR(decoder->decode(splits.front(), chunk, decoded, faults));
  if (!faults.empty()) return std::optional<Batch>();
  return std::optional<Batch>(std::move(decoded.batch));
}

// None: a row failed, or is not of the type that was said.
Result<std::optional<Batch>> projected(const plan::ProjectSpec& project, const Batch& batch,
                                       const SchemaPtr& output, int64_t now_millis) {
  expr::EvalContext context;
  context.now_millis = now_millis;
  Batch made{output, batch.rows};
  for (const plan::NamedExpression& column : project.columns) {
    DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, expr::bind(column.expression, *batch.schema));
    const size_t at = made.columns.size();
    if (at >= output->size() || !(bound->type() == (*output)[at].type)) {
      return std::optional<Batch>();
    }
    DF_ASSIGN_OR_RETURN(ColumnPtr values, bound->evaluate(batch, {}, context));
    made.columns.push_back(std::move(values));
  }
  if (!context.faults.empty()) return std::optional<Batch>();
  return std::optional<Batch>(std::move(made));
}

Result<std::optional<Batch>> last_batch(const plan::Plan& plan, engine::Connectors& connectors,
                                        int64_t now_millis) {
  if (plan.nodes.size() < 2 || !is_chain(plan)) return std::optional<Batch>();
  if (!std::holds_alternative<plan::SinkSpec>(plan.nodes.back().spec)) {
    return std::optional<Batch>();
  }
  DF_ASSIGN_OR_RETURN(std::optional<Batch> batch, only_batch(plan, connectors));
  for (size_t i = 1; batch && i + 1 < plan.nodes.size(); ++i) {
    const auto* project = std::get_if<plan::ProjectSpec>(&plan.nodes[i].spec);
    if (project == nullptr) return std::optional<Batch>();
    DF_ASSIGN_OR_RETURN(batch, projected(*project, *batch, plan.nodes[i].schema, now_millis));
  }
  return batch;
}

}  // namespace

std::optional<std::vector<Row>> values_rows(const plan::Plan& plan, engine::Connectors& connectors,
                                            int64_t now_millis) {
  const Result<std::optional<Batch>> batch = last_batch(plan, connectors, now_millis);
  if (!batch.ok() || !*batch) return std::nullopt;
  std::vector<Row> rows;
  rows.reserve(static_cast<size_t>((*batch)->rows));
  for (int64_t row = 0; row < (*batch)->rows; ++row) rows.push_back(row_of(**batch, row));
  return rows;
}

}  // namespace dataflow::jobs
