// Aggregations by window. Window tables are not run: what stands between them and the aggregation
// goes in front, and the window node takes the rows as they were before they were multiplied.
#include <algorithm>

#include "lower.h"
#include "names.h"

namespace dataflow::sql {
namespace {

using plan::NamedExpression;

// A Rel over a window table, with the window taken out.
struct WithoutWindow {
  RelPtr rel;
  const WindowTableRel* window = nullptr;
  std::string time_column;                   // in rel; empty for processing time
  std::map<std::string, std::string> names;  // of its columns but the window's, in rel
  std::vector<std::string> parts;            // what sessions are partitioned by, in rel
};

bool has_names(const expr::Expression& expression,
               const std::map<std::string, std::string>& names) {
  return std::ranges::all_of(expr::columns_of(expression),
                             [&](const std::string& name) { return names.contains(name); });
}

// Copies of the window's columns have none.
bool has_names(const AggregateRel& aggregate, const std::map<std::string, std::string>& names) {
  const auto has = [&](const ExpressionPtr& expression) {
    return expression == nullptr || has_names(*expression, names);
  };
  return std::ranges::all_of(aggregate.keys,
                             [&](const std::string& key) { return names.contains(key); }) &&
         std::ranges::all_of(aggregate.aggregates, [&](const plan::Aggregate& each) {
           return has(each.argument) && has(each.filter);
         });
}

bool reads_any(const expr::Expression& expression, const WindowColumns& window) {
  return std::ranges::any_of(expr::columns_of(expression),
                             [&](const std::string& name) { return window.has(name); });
}

ExpressionPtr renamed(const ExpressionPtr& expression,
                      const std::map<std::string, std::string>& names) {
  return with_columns(expression, [&](const ExpressionPtr& column) {
    return expr::column(names.at(column->name), column->place);
  });
}

Result<std::optional<WithoutWindow>> without_window(const RelPtr& rel);

Result<std::optional<WithoutWindow>> without_window(const Rel& rel, const FilterRel& filter) {
  DF_ASSIGN_OR_RETURN(std::optional<WithoutWindow> below, without_window(rel.input()));
  // What is filtered behind sessions has kept them together.
  if (!below || below->window->kind == plan::WindowKind::kSession ||
      reads_any(*filter.condition, *rel.input()->window) ||
      !has_names(*filter.condition, below->names)) {
    return std::optional<WithoutWindow>();
  }
  DF_ASSIGN_OR_RETURN(below->rel, make_filter(below->rel, renamed(filter.condition, below->names)));
  return below;
}

Result<std::optional<WithoutWindow>> without_window(const Rel& rel, const ProjectRel& project) {
  DF_ASSIGN_OR_RETURN(std::optional<WithoutWindow> below, without_window(rel.input()));
  if (!below) return below;
  const WindowColumns& window = *rel.input()->window;
  std::vector<NamedExpression> columns;
  std::set<std::string> taken;
  std::string time;
  for (const NamedExpression& column : project.columns) {
    const expr::Expression& value = *column.expression;
    if (value.kind == expr::Kind::kColumn && window.has(value.name)) continue;
    if (reads_any(value, window) || !has_names(value, below->names)) {
      return std::optional<WithoutWindow>();
    }
    columns.push_back({column.name, renamed(column.expression, below->names)});
    taken.insert(column.name);
    const expr::Expression& made = *columns.back().expression;
    if (made.kind == expr::Kind::kColumn && made.name == below->time_column) time = column.name;
  }
  for (std::string& part : below->parts) {
    const auto kept = std::ranges::find_if(columns, [&](const NamedExpression& column) {
      return column.expression->kind == expr::Kind::kColumn && column.expression->name == part;
    });
    part = kept == columns.end() ? "" : kept->name;
  }
  below->names.clear();
  for (const NamedExpression& column : columns) below->names[column.name] = column.name;
  if (time.empty() && !below->time_column.empty()) {
    time = free_name("$time", taken);
    columns.push_back({time, expr::column(below->time_column)});
  }
  if (columns.empty()) {
    columns.push_back({"$row", expr::literal(Value::integer(Type::int32(), 0))});
  }
  below->time_column = time;
  DF_ASSIGN_OR_RETURN(below->rel, make_project(below->rel, std::move(columns)));
  return below;
}

// None where something in between needs the window's columns.
Result<std::optional<WithoutWindow>> without_window(const RelPtr& rel) {
  if (const auto* window = rel->as<WindowTableRel>()) {
    WithoutWindow made;
    made.rel = rel->input();
    made.window = window;
    made.time_column = window->time_column;
    made.parts = window->partition_by;
    for (const Field& field : rel->input()->schema->fields()) made.names[field.name] = field.name;
    return std::optional<WithoutWindow>(std::move(made));
  }
  if (!rel->window || rel->window->closed) return std::optional<WithoutWindow>();
  if (const auto* filter = rel->as<FilterRel>()) return without_window(*rel, *filter);
  if (const auto* project = rel->as<ProjectRel>()) return without_window(*rel, *project);
  return std::optional<WithoutWindow>();
}

bool reads_window(const AggregateRel& aggregate, const WindowColumns& window) {
  return std::ranges::any_of(aggregate.aggregates, [&](const plan::Aggregate& each) {
    return (each.argument != nullptr && reads_any(*each.argument, window)) ||
           (each.filter != nullptr && reads_any(*each.filter, window));
  });
}

void rename_aggregates(std::vector<plan::Aggregate>& aggregates,
                       const std::map<std::string, std::string>& names) {
  for (plan::Aggregate& each : aggregates) {
    if (each.argument != nullptr) each.argument = renamed(each.argument, names);
    if (each.filter != nullptr) each.filter = renamed(each.filter, names);
  }
}

plan::WindowSpec spec_of(const WindowTableRel& window) {
  plan::WindowSpec spec;
  spec.kind = window.kind;
  spec.time = window.time;
  spec.offset_ms = window.offset_ms;
  spec.time_zone = window.time_zone;
  (window.kind == plan::WindowKind::kSession ? spec.gap_ms : spec.size_ms) = window.size_ms;
  spec.slide_ms = window.slide_ms;
  return spec;
}

bool is_window_column(std::string_view name) {
  return name == "window_start" || name == "window_end" || name == "window_time";
}

}  // namespace

Result<std::string> Lowering::lower_window(const Rel& rel, const AggregateRel& aggregate) {
  const RelPtr& input = rel.input();
  if (input->window->closed) return lower_closed_window(rel, aggregate);
  DF_ASSIGN_OR_RETURN(const std::optional<WithoutWindow> below, without_window(input));
  if (!below || reads_window(aggregate, *input->window) || !has_names(aggregate, below->names)) {
    // Then each row is there once for each window, with its columns.
    return lower_closed_window(rel, aggregate);
  }
  plan::WindowSpec spec = spec_of(*below->window);
  spec.emit_changes = aggregate.emit_changes;
  spec.time_column = below->time_column;
  for (const std::string& key : aggregate.keys) spec.keys.push_back(below->names.at(key));
  spec.aggregates = aggregate.aggregates;
  rename_aggregates(spec.aggregates, below->names);
  if (spec.kind == plan::WindowKind::kSession) {
    const std::set<std::string> keys(spec.keys.begin(), spec.keys.end());
    if (keys != std::set<std::string>(below->parts.begin(), below->parts.end())) {
      return lower_closed_window(rel, aggregate);
    }
  }
  return add_window(rel, below->rel, std::move(spec), 0);
}

// Sessions gather their rows, and give them back when they are over.
Result<std::string> Lowering::lower_session_rows(const Rel& rel, const WindowTableRel& window) {
  const RelPtr& input = rel.input();
  plan::WindowSpec spec = spec_of(window);
  spec.time_column = "$time";
  std::vector<NamedExpression> taken = {{spec.time_column, expr::column(window.time_column)}};
  for (const std::string& part : window.partition_by) {
    spec.keys.push_back("$key" + std::to_string(spec.keys.size()));
    taken.push_back({spec.keys.back(), expr::column(part)});
  }
  plan::UnnestSpec unnest;
  std::vector<NamedExpression> columns;
  std::vector<ExpressionPtr> parts;
  for (const Field& field : input->schema->fields()) {
    unnest.columns.push_back("$column" + std::to_string(parts.size()));
    columns.push_back({field.name, expr::column(unnest.columns.back())});
    parts.push_back(expr::column(field.name));
  }
  taken.push_back({"$row", expr::call("ROW", std::move(parts))});
  spec.aggregates.push_back({"ARRAY_AGG", expr::column("$row"), false, nullptr, "$rows"});
  unnest.collection = expr::column("$rows");
  const std::pair<std::string, const char*> kOwn[] = {{rel.window->start, "window_start"},
                                                      {rel.window->end, "window_end"},
                                                      {rel.window->time, "window_time"}};
  for (const auto& [name, made] : kOwn) {
    unnest.kept.emplace_back(made);
    columns.push_back({name, expr::column(made)});
  }
  DF_ASSIGN_OR_RETURN(std::string id, lower_project(input, std::move(taken), rel.place));
  id = add("window", std::move(spec), {std::move(id)}, rel.place);
  id = add("unnest", std::move(unnest), {std::move(id)}, rel.place);
  return add("project", plan::ProjectSpec{std::move(columns)}, {std::move(id)}, rel.place);
}

// The window's last moment lies in a tumbling window of 1 ms that closes with it; the window's
// columns are keys.
Result<std::string> Lowering::lower_closed_window(const Rel& rel, const AggregateRel& aggregate) {
  const RelPtr& input = rel.input();
  const WindowColumns& window = *input->window;
  if (window.time.empty() || input->event_time != window.time) {
    return at_place(rel.place,
                    "windows over the results of windows, and over what is computed of "
                    "window_start and window_end, need event time; processing time has nothing "
                    "that says when the second ones are whole");
  }
  plan::WindowSpec spec;
  spec.kind = plan::WindowKind::kTumbling;
  spec.size_ms = 1;
  spec.emit_changes = aggregate.emit_changes;
  spec.time_column = window.time;
  spec.keys = {window.start, window.end};
  spec.keys.insert(spec.keys.end(), aggregate.keys.begin(), aggregate.keys.end());
  spec.aggregates = aggregate.aggregates;
  return add_window(rel, input, std::move(spec), 2);
}

Result<std::string> Lowering::add_window(const Rel& rel, const RelPtr& input, plan::WindowSpec spec,
                                         size_t window_keys) {
  // Keys must not be called as the window's own columns are.
  RelPtr below = input;
  if (std::ranges::any_of(spec.keys, is_window_column)) {
    std::vector<NamedExpression> columns;
    std::map<std::string, std::string> names;
    for (const Field& field : input->schema->fields()) {
      names[field.name] = is_window_column(field.name) ? "$" + field.name : field.name;
      columns.push_back({names[field.name], expr::column(field.name)});
    }
    DF_ASSIGN_OR_RETURN(below, make_project(input, std::move(columns)));
    for (std::string& key : spec.keys) key = names[key];
    if (!spec.time_column.empty()) spec.time_column = names[spec.time_column];
    rename_aggregates(spec.aggregates, names);
  }
  // Without keys and aggregates a window has nothing to say but that rows came.
  if (spec.keys.empty() && spec.aggregates.empty()) {
    spec.aggregates.push_back({"COUNT", nullptr, false, nullptr, "$rows"});
  }
  std::vector<std::string> given = {"window_start", "window_end", "window_time"};
  if (window_keys > 0) given = {spec.keys[0], spec.keys[1], "window_time"};
  given.insert(given.end(), spec.keys.begin() + static_cast<std::ptrdiff_t>(window_keys),
               spec.keys.end());
  for (const plan::Aggregate& each : spec.aggregates) given.push_back(each.name);
  DF_ASSIGN_OR_RETURN(std::string source, lower(below));
  std::string id = add("window", std::move(spec), {std::move(source)}, rel.place);
  std::vector<NamedExpression> columns;
  bool same = given.size() == rel.schema->size() && window_keys == 0;
  for (size_t i = 0; i < rel.schema->size(); ++i) {
    same &= given[i] == (*rel.schema)[i].name;
    columns.push_back({(*rel.schema)[i].name, expr::column(given[i])});
  }
  if (same) return id;
  return add("project", plan::ProjectSpec{std::move(columns)}, {std::move(id)}, rel.place);
}

}  // namespace dataflow::sql
