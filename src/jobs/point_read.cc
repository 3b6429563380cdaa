#include "point_read.h"

#include <algorithm>
#include <map>

#include "final_rows.h"
#include "plan_chain.h"
#include "table_indexes.h"

namespace dataflow::jobs {
namespace {

using expr::ExpressionPtr;

// A read of more rows is a job, which uses all cores and keeps nobody from writing.
constexpr size_t kMostRows = 65'536;

// A table of ours, or the rows of a materialized view.
bool is_kept(const sql::Catalog& catalog, const std::string& topic) {
  const sql::Table* const table = catalog.find_table(topic);
  if (table != nullptr && table->name == topic) return table->managed;
  const sql::View* const view = catalog.find_view(topic);
  return view != nullptr && view->name == topic && view->kept != nullptr;
}

// A topic that is read whole and by key, and nothing is computed of it.
bool is_keyed_topic(const plan::SourceSpec& source) {
  return source.connector == "log" && !source.upsert_keys.empty() && source.metadata.empty() &&
         source.computed.empty() && !source.watermark && source.options.size() == 2 &&
         source.options.contains("topic") && source.options.contains("start") &&
         source.options.at("start") == "earliest";
}

// What stands in a zone does so in parts, too.
void split_at_and(const ExpressionPtr& condition, std::vector<ExpressionPtr>& out) {
  if (condition->kind == expr::Kind::kCall && condition->name == "$IN_ZONE") {
    std::vector<ExpressionPtr> parts;
    split_at_and(condition->arguments[1], parts);
    for (const ExpressionPtr& part : parts) {
      out.push_back(expr::call("$IN_ZONE", {condition->arguments[0], part}, part->place));
    }
  } else if (condition->kind == expr::Kind::kCall && condition->name == "AND") {
    for (const ExpressionPtr& argument : condition->arguments) split_at_and(argument, out);
  } else {
    out.push_back(condition);
  }
}

ExpressionPtr joined_by_and(const std::vector<ExpressionPtr>& conditions) {
  ExpressionPtr all = conditions.front();
  for (size_t i = 1; i < conditions.size(); ++i) all = expr::call("AND", {all, conditions[i]});
  return all;
}

// Which rows there are, and in which order, is part of what is compiled.
bool cut_by_parameters(const sql::Query& query) {
  const auto given = [](const ExpressionPtr& part) {
    return part != nullptr && has_parameters(*part);
  };
  return given(query.limit) || given(query.offset) ||
         std::ranges::any_of(query.order_by, given, &sql::OrderItem::expression);
}

}  // namespace

bool PointRead::may_be(const sql::Query& query) {
  const auto* const select = std::get_if<sql::Select>(&query.body);
  return select != nullptr && select->from != nullptr && select->group_by.empty() &&
         std::holds_alternative<sql::NamedTable>(select->from->what) && !cut_by_parameters(query);
}

std::unique_ptr<PointRead> PointRead::make(const sql::CompiledQuery& query,
                                           const sql::Catalog& catalog) {
  const plan::Plan& plan = query.compiled.plan;
  if (!is_chain(plan) || plan.nodes.size() < 3) return nullptr;
  const auto* const source = std::get_if<plan::SourceSpec>(&plan.nodes[0].spec);
  const auto* const upsert = std::get_if<plan::UpsertSpec>(&plan.nodes[1].spec);
  if (source == nullptr || upsert == nullptr || upsert->versions || !is_keyed_topic(*source) ||
      upsert->keys != source->upsert_keys || !is_kept(catalog, source->options.at("topic"))) {
    return nullptr;
  }
  std::unique_ptr<PointRead> made(
      new PointRead(*source, KeyConditions(source->schema, source->upsert_keys)));
  if (!made->add_stages(plan) || !made->leave_out_key()) return nullptr;
  made->shape_.columns = query.columns;
  made->shape_.order_by = query.order_by;
  made->shape_.hidden = query.hidden;
  made->shape_.limit = query.limit;
  made->shape_.offset = query.offset;
  const bool filters = std::ranges::any_of(made->stages_, &Stage::filter);
  if (query.limit && query.order_by.empty() && !filters) {
    constexpr auto kMost = static_cast<int64_t>(kMostRows);
    const bool few = *query.limit < kMost && query.offset < kMost - *query.limit;
    if (few) made->most_ = static_cast<size_t>(*query.limit + query.offset);
  }
  return made;
}

bool PointRead::add_stages(const plan::Plan& plan) {
  std::map<std::string, std::string> names;  // of the key's columns, at this stage
  for (const std::string& key : source_.upsert_keys) names[key] = key;
  for (size_t i = 2; i < plan.nodes.size(); ++i) {
    const plan::Node& node = plan.nodes[i];
    if (i + 1 == plan.nodes.size()) {
      const auto* const sink = std::get_if<plan::SinkSpec>(&node.spec);
      return sink != nullptr && sink->connector == "collect";
    }
    Stage stage;
    stage.input = plan.nodes[i - 1].schema;
    stage.output = node.schema;
    if (const auto* filter = std::get_if<plan::FilterSpec>(&node.spec)) {
      stage.filter = true;
      split_at_and(filter->condition, stage.expressions);
      for (const ExpressionPtr& condition : stage.expressions) conditions_.add(condition, names);
    } else if (const auto* project = std::get_if<plan::ProjectSpec>(&node.spec)) {
      std::map<std::string, std::string> now;
      for (const plan::NamedExpression& column : project->columns) {
        stage.expressions.push_back(column.expression);
        if (column.expression->kind != expr::Kind::kColumn) continue;
        const auto key = names.find(column.expression->name);
        if (key != names.end()) now[column.name] = key->second;
      }
      names = std::move(now);
    } else {
      return false;
    }
    stages_.push_back(std::move(stage));
  }
  return false;
}

// What the range of keys says need not be asked again; the rest is bound.
bool PointRead::leave_out_key() {
  std::vector<Stage> kept;
  for (Stage& stage : stages_) {
    if (stage.filter) {
      std::erase_if(stage.expressions,
                    [&](const auto& each) { return conditions_.is_in_range(each); });
      if (stage.expressions.empty()) continue;
      stage.expressions = {joined_by_and(stage.expressions)};
    }
    stage.parameters = std::ranges::any_of(stage.expressions,
                                           [](const auto& each) { return has_parameters(*each); });
    if (!stage.parameters) {
      auto bound = bind(stage, {});
      if (!bound.ok()) return false;
      stage.bound = std::move(*bound);
    }
    kept.push_back(std::move(stage));
  }
  stages_ = std::move(kept);
  return true;
}

Result<std::vector<expr::BoundPtr>> PointRead::bind(const Stage& stage,
                                                    const std::vector<Value>& parameters) {
  std::vector<expr::BoundPtr> bound;
  for (const ExpressionPtr& expression : stage.expressions) {
    DF_ASSIGN_OR_RETURN(expr::BoundPtr each,
                        expr::bind(with_values(expression, parameters), *stage.input));
    bound.push_back(std::move(each));
  }
  return bound;
}

// None: a row failed.
Result<std::optional<Batch>> PointRead::pass(const Stage& stage, const Batch& batch,
                                             const std::vector<Value>& parameters,
                                             int64_t now_millis) {
  std::vector<expr::BoundPtr> bound = stage.bound;
  if (stage.parameters) {
    DF_ASSIGN_OR_RETURN(bound, bind(stage, parameters));
  }
  expr::EvalContext context;
  context.now_millis = now_millis;
  if (stage.filter) {
    DF_ASSIGN_OR_RETURN(const expr::Selection chosen,
                        expr::select_true(*bound[0], batch, {}, context));
    if (!context.faults.empty()) return std::optional<Batch>();
    if (chosen.all) return std::optional<Batch>(batch);
    DF_ASSIGN_OR_RETURN(Batch kept, take(batch, chosen.rows));
    return std::optional<Batch>(std::move(kept));
  }
  Batch made{stage.output, batch.rows};
  for (const expr::BoundPtr& column : bound) {
    // Some values make a type: ROUND(x, $1) has as many digits as $1 says.
    if (!(column->type() == (*stage.output)[made.columns.size()].type)) {
      return std::optional<Batch>();
    }
    DF_ASSIGN_OR_RETURN(ColumnPtr values, column->evaluate(batch, {}, context));
    made.columns.push_back(std::move(values));
  }
  if (!context.faults.empty()) return std::optional<Batch>();
  return std::optional<Batch>(std::move(made));
}

Result<std::optional<std::vector<Row>>> PointRead::try_run(SqlClient& client,
                                                           const std::vector<Value>& parameters) {
  const auto index = client.server.indexes().caught_up(source_, client.cancelled);
  if (index == nullptr) return std::optional<std::vector<Row>>();
  std::vector<Row> rows;
  DF_ASSIGN_OR_RETURN(const std::vector<KeyRange> ranges,
                      conditions_.ranges(index->codec(), parameters));
  if (!ranges.empty()) {
    DF_ASSIGN_OR_RETURN(std::optional<Batch> batch,
                        index->read(ranges, most_.value_or(kMostRows), most_.has_value()));
    const int64_t now = client.server.parts().env.now().value();
    for (const Stage& stage : stages_) {
      if (!batch || batch->rows == 0) break;
      DF_ASSIGN_OR_RETURN(batch, pass(stage, *batch, parameters, now));
    }
    if (!batch) return std::optional<std::vector<Row>>();
    rows.reserve(static_cast<size_t>(batch->rows));
    for (int64_t row = 0; row < batch->rows; ++row) rows.push_back(row_of(*batch, row));
  }
  return std::optional<std::vector<Row>>(final_rows(shape_, std::move(rows)));
}

std::optional<std::vector<Row>> PointRead::run(SqlClient& client,
                                               const std::vector<Value>& parameters) {
  auto rows = try_run(client, parameters);
  if (!rows.ok() || !*rows) return std::nullopt;
  client.server.indexes().count_answer();
  return std::move(*rows);
}

}  // namespace dataflow::jobs
