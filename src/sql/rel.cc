#include "rel.h"

#include <algorithm>

#include "expr/bound.h"
#include "names.h"
#include "plan/aggregate.h"

namespace dataflow::sql {
namespace {

RelPtr finished(Rel rel) { return std::make_shared<const Rel>(std::move(rel)); }

// A Rel whose rows look as those of its input do.
Rel like(const RelPtr& input) {
  Rel rel = *input;
  rel.inputs = {input};
  return rel;
}

std::set<std::string> names_of(const Schema& schema) {
  std::set<std::string> names;
  for (const Field& field : schema.fields()) names.insert(field.name);
  return names;
}

// The name under which a projection lets this column through; none if it does not.
std::optional<std::string> kept_as(const std::vector<plan::NamedExpression>& columns,
                                   const std::string& name) {
  std::optional<std::string> kept;
  for (const plan::NamedExpression& column : columns) {
    if (column.expression->kind != expr::Kind::kColumn || column.expression->name != name) continue;
    if (!kept || column.name == name) kept = column.name;
  }
  return kept;
}

// All of it, or nothing.
std::vector<std::string> kept_key(const Rel& input,
                                  const std::vector<plan::NamedExpression>& columns) {
  std::vector<std::string> key;
  for (const std::string& name : input.key) {
    std::optional<std::string> kept = kept_as(columns, name);
    if (!kept) return {};
    key.push_back(std::move(*kept));
  }
  return key;
}

std::optional<WindowColumns> kept_window(const Rel& input,
                                         const std::vector<plan::NamedExpression>& columns) {
  if (!input.window) return std::nullopt;
  WindowColumns kept;
  kept.closed = input.window->closed;
  kept.start = kept_as(columns, input.window->start).value_or("");
  kept.end = kept_as(columns, input.window->end).value_or("");
  if (!input.window->time.empty()) kept.time = kept_as(columns, input.window->time).value_or("");
  if (kept.start.empty() && kept.end.empty()) return std::nullopt;
  return kept;
}

Type window_time_type(const Rel& input, const WindowTableRel& window) {
  if (window.time == plan::TimeKind::kProcessing) return Type::timestamp_tz(3);
  const Type& type = (*input.schema)[*input.schema->find(window.time_column)].type;
  return type.id() == TypeId::kTimestampTz ? Type::timestamp_tz(3) : Type::timestamp(3);
}

}  // namespace

std::string free_name(const std::string& name, const std::set<std::string>& taken) {
  std::string free = name;
  for (int i = 0; taken.contains(free); ++i) free = name + std::to_string(i);
  return free;
}

bool is_null_literal(const Rel& rel, const std::string& column) {
  if (const auto* values = rel.as<ValuesRel>()) {
    const size_t at = *rel.schema->find(column);
    return std::ranges::all_of(values->rows, [&](const auto& row) { return row[at].is_null(); });
  }
  const auto* project = rel.as<ProjectRel>();
  if (project == nullptr) return false;
  const auto found = std::ranges::find(project->columns, column, &plan::NamedExpression::name);
  if (found == project->columns.end()) return false;
  const expr::Expression& value = *found->expression;
  if (value.kind == expr::Kind::kColumn && rel.input()->as<ValuesRel>() != nullptr) {
    return is_null_literal(*rel.input(), value.name);
  }
  return value.kind == expr::Kind::kCast && value.arguments[0]->kind == expr::Kind::kLiteral &&
         value.arguments[0]->value.is_null();
}

bool is_text_literal(const Rel& rel, const std::string& column) {
  const auto* project = rel.as<ProjectRel>();
  if (project != nullptr && rel.input()->as<ValuesRel>() != nullptr) {  // of some computed ones
    const auto found = std::ranges::find(project->columns, column, &plan::NamedExpression::name);
    return found != project->columns.end() && found->expression->kind == expr::Kind::kColumn &&
           is_text_literal(*rel.input(), found->expression->name);
  }
  return rel.as<ValuesRel>() != nullptr &&
         (*rel.schema)[*rel.schema->find(column)].type.id() == TypeId::kString;
}

RelPtr make_scan(std::string table, plan::SourceSpec spec, Place place) {
  Rel rel;
  std::vector<Field> fields = spec.schema->fields();
  for (const plan::NamedExpression& column : spec.computed) {
    // source_of() has bound it before.
    const Result<expr::BoundPtr> bound = expr::bind(column.expression, *spec.schema);
    if (bound.ok()) fields.push_back({column.name, (*bound)->type(), (*bound)->nullable()});
  }
  rel.schema = std::make_shared<const Schema>(std::move(fields));
  if (spec.watermark) rel.event_time = spec.watermark->column;
  rel.what = ScanRel{std::move(table), std::move(spec)};
  rel.place = place;
  return finished(std::move(rel));
}

RelPtr make_upsert(RelPtr scan, bool one_row) {
  Rel rel = like(scan);
  rel.key = scan->as<ScanRel>()->spec.upsert_keys;
  rel.what = UpsertRel{false, one_row};
  return finished(std::move(rel));
}

RelPtr with_versions(const RelPtr& rel) {
  Rel made = *rel;
  if (const auto* upsert = rel->as<UpsertRel>()) {
    made.what = UpsertRel{true, upsert->one_row};
    return finished(std::move(made));
  }
  if (rel->as<FilterRel>() == nullptr && rel->as<ProjectRel>() == nullptr) return rel;
  made.inputs = {with_versions(rel->input())};
  return made.inputs[0] == rel->input() ? rel : finished(std::move(made));
}

RelPtr make_values(SchemaPtr schema, std::vector<std::vector<Value>> rows) {
  Rel rel;
  rel.schema = std::move(schema);
  rel.what = ValuesRel{std::move(rows)};
  return finished(std::move(rel));
}

Result<RelPtr> make_filter(RelPtr input, ExpressionPtr condition) {
  DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, expr::bind(condition, *input->schema));
  if (bound->type().id() != TypeId::kBoolean && bound->type().id() != TypeId::kNull) {
    return at_place(condition->place,
                    "a condition must be BOOLEAN, this one is " + bound->type().to_string());
  }
  Rel rel = like(input);
  rel.place = condition->place;
  rel.what = FilterRel{std::move(condition)};
  return finished(std::move(rel));
}

Result<RelPtr> make_project(RelPtr input, std::vector<plan::NamedExpression> columns) {
  Rel rel;
  rel.inputs = {input};
  const std::optional<std::string>& time = input->event_time;
  if (time && !kept_as(columns, *time)) {
    std::set<std::string> taken;
    for (const plan::NamedExpression& column : columns) taken.insert(column.name);
    columns.push_back({free_name(std::string(kHiddenTime), taken), expr::column(*time)});
  }
  std::vector<Field> fields;
  for (plan::NamedExpression& column : columns) {
    DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, expr::bind(column.expression, *input->schema));
    Type type = bound->type();
    if (type.id() == TypeId::kNull) {
      type = Type::string();
      column.expression = expr::cast(column.expression, type, column.expression->place);
    }
    fields.push_back({column.name, std::move(type), bound->nullable()});
    const bool is_clock =
        column.expression->kind == expr::Kind::kCall && column.expression->name == "PROCTIME";
    const bool kept_clock = column.expression->kind == expr::Kind::kColumn &&
                            input->processing_times.contains(column.expression->name);
    if (is_clock || kept_clock) rel.processing_times.insert(column.name);
  }
  rel.schema = std::make_shared<const Schema>(std::move(fields));
  if (time) rel.event_time = kept_as(columns, *time);
  rel.window = kept_window(*input, columns);
  rel.key = kept_key(*input, columns);
  rel.what = ProjectRel{std::move(columns)};
  rel.place = input->place;
  return finished(std::move(rel));
}

Result<RelPtr> make_window_table(RelPtr input, WindowTableRel window) {
  Rel rel;
  rel.inputs = {input};
  std::vector<Field> fields = input->schema->fields();
  std::set<std::string> taken = names_of(*input->schema);
  const auto add = [&](const char* name, Type type) {
    fields.push_back({free_name(name, taken), std::move(type), false});
    return fields.back().name;
  };
  WindowColumns columns;
  columns.start = add("window_start", Type::timestamp(3));
  columns.end = add("window_end", Type::timestamp(3));
  columns.time = add("window_time", window_time_type(*input, window));
  rel.schema = std::make_shared<const Schema>(std::move(fields));
  rel.processing_times = input->processing_times;
  // The rows are as late as they were; window_time lies ahead of the watermark.
  if (window.time == plan::TimeKind::kEvent) {
    rel.event_time = columns.time;
  } else {
    rel.processing_times.insert(columns.time);
  }
  rel.window = std::move(columns);
  rel.what = std::move(window);
  rel.place = input->place;
  return finished(std::move(rel));
}

Result<RelPtr> make_aggregate(RelPtr input, AggregateRel aggregate) {
  Rel rel;
  rel.inputs = {input};
  std::vector<Field> fields;
  std::set<std::string> taken;
  const Schema& schema = *input->schema;
  if (aggregate.by_window) {
    const WindowColumns& from = *input->window;
    Type time = Type::timestamp(3);
    if (!from.time.empty()) time = schema[*schema.find(from.time)].type;
    fields = {{"window_start", Type::timestamp(3), false},
              {"window_end", Type::timestamp(3), false},
              {"window_time", std::move(time), false}};
    rel.window = WindowColumns{"window_start", "window_end", "window_time", true};
    if (input->event_time) {
      rel.event_time = "window_time";
    } else {
      rel.processing_times.insert("window_time");
    }
  }
  for (const Field& field : fields) taken.insert(field.name);
  for (const std::string& key : aggregate.keys) {
    Field field = schema[*schema.find(key)];
    field.name = free_name(field.name, taken);
    taken.insert(field.name);
    fields.push_back(std::move(field));
  }
  for (plan::Aggregate& each : aggregate.aggregates) {
    each.name = free_name(each.name, taken);
    taken.insert(each.name);
    DF_ASSIGN_OR_RETURN(Field field, aggregate_field(schema, each));
    // The one group may be of no rows.
    if (!aggregate.by_window && aggregate.keys.empty() && each.function != "COUNT") {
      field.nullable = true;
    }
    fields.push_back(std::move(field));
  }
  rel.schema = std::make_shared<const Schema>(std::move(fields));
  rel.place = aggregate.place.line > 0 ? aggregate.place : input->place;
  rel.what = std::move(aggregate);
  return finished(std::move(rel));
}

Result<RelPtr> make_union(std::vector<RelPtr> inputs) {
  Rel rel = *inputs[0];
  std::vector<Field> fields = rel.schema->fields();
  for (const RelPtr& input : inputs) {
    for (size_t i = 0; i < fields.size(); ++i) fields[i].nullable |= (*input->schema)[i].nullable;
    if (input->event_time != rel.event_time) rel.event_time.reset();
    std::erase_if(rel.processing_times,
                  [&](const std::string& name) { return !input->processing_times.contains(name); });
  }
  rel.window.reset();
  rel.key.clear();
  rel.schema = std::make_shared<const Schema>(std::move(fields));
  rel.inputs = std::move(inputs);
  rel.what = UnionRel{};
  return finished(std::move(rel));
}

}  // namespace dataflow::sql
