#include "sql/compile.h"

#include <algorithm>
#include <set>

#include "assign.h"
#include "base/edit_distance.h"
#include "binder.h"
#include "expr/bound.h"
#include "growing_state.h"
#include "in_zone.h"
#include "lower.h"
#include "names.h"
#include "plan/analyze.h"
#include "plan/share.h"
#include "prune.h"
#include "row_key.h"
#include "sql/parser.h"
#include "table_definition.h"

namespace dataflow::sql {
namespace {

// Those that INSERT may fill.
std::vector<ColumnDefinition> columns_of(const Table& table) {
  std::vector<ColumnDefinition> columns;
  for (const ColumnDefinition& column : table.columns) {
    const bool kept = column.kind == ColumnKind::kPhysical ||
                      (column.kind == ColumnKind::kMetadata && !column.is_virtual);
    if (kept) columns.push_back(column);
  }
  return columns;
}

class Compiler {
 public:
  Compiler(const Catalog& catalog, const Settings& settings, const std::string& script,
           bool bounded)
      : catalog_(catalog),
        settings_(settings),
        script_(script),
        bounded_(bounded),
        binder_(catalog, settings, script) {}

  Status add(const Insert& insert);
  Result<CompiledQuery> query(const Query& query);
  Result<Table> view(const CreateView& create);
  Result<Compiled> finish();

 private:
  struct Sink {
    std::string id;
    plan::SinkSpec spec;
    Place place;
  };

  // Where each of the query's columns goes, by the target's order; none: it is NULL.
  Result<std::vector<std::optional<size_t>>> places_of(const Insert& insert,
                                                       const std::vector<ColumnDefinition>& columns,
                                                       size_t given) const;
  static GivenValue given_by(const Relation& relation, size_t column, bool managed);
  static void sort_by(Relation& relation, CompiledQuery& made);
  static Status find_key(const CreateView& create, const Relation& relation, Table& table);

  const Catalog& catalog_;
  const Settings& settings_;
  const std::string& script_;
  const bool bounded_;
  plan::Plan plan_;
  Binder binder_;
  std::vector<ReadRel> queries_;
  std::vector<Sink> sinks_;  // of each query
};

Result<std::vector<std::optional<size_t>>> Compiler::places_of(
    const Insert& insert, const std::vector<ColumnDefinition>& columns, size_t given) const {
  std::vector<std::optional<size_t>> places(columns.size());
  const std::string& target = insert.target.last();
  if (insert.columns.empty()) {
    if (given != columns.size()) {
      std::string names;
      for (const ColumnDefinition& column : columns)
        names += (names.empty() ? "" : ", ") + column.name;
      return at_place(insert.target.place,
                      "`" + target + "` takes " + std::to_string(columns.size()) + " columns (" +
                          names + "), the query gives " + std::to_string(given));
    }
    for (size_t i = 0; i < given; ++i) places[i] = i;
    return places;
  }
  if (given != insert.columns.size()) {
    return at_place(insert.target.place, std::to_string(insert.columns.size()) +
                                             " columns are named, the query gives " +
                                             std::to_string(given));
  }
  for (size_t i = 0; i < given; ++i) {
    const Name& name = insert.columns[i];
    auto found = std::ranges::find(columns, name.last(), &ColumnDefinition::name);
    if (found == columns.end()) {
      found = std::ranges::find_if(columns, [&](const ColumnDefinition& column) {
        return same_name(column.name, name.last());
      });
    }
    if (found == columns.end()) {
      std::vector<std::string> names;
      for (const ColumnDefinition& column : columns) names.push_back(column.name);
      return at_place(name.place, "`" + target + "` has no column `" + name.last() + "`" +
                                      suggestion(name.last(), names));
    }
    std::optional<size_t>& place = places[static_cast<size_t>(found - columns.begin())];
    if (place) return at_place(name.place, "column `" + name.last() + "` is named twice");
    place = i;
  }
  return places;
}

// '2026-01-01' in VALUES is what the column makes of it, as in PostgreSQL; of a table that the
// server keeps also in a list.
GivenValue Compiler::given_by(const Relation& relation, size_t column, bool managed) {
  const VisibleColumn& shown = relation.columns[column];
  const Field& field = (*relation.rel->schema)[*relation.rel->schema->find(shown.in_rel)];
  GivenValue given;
  given.name = shown.name;
  given.value = expr::column(shown.in_rel);
  given.type = field.type;
  given.nullable = field.nullable;
  given.null_literal = is_null_literal(*relation.rel, shown.in_rel);
  given.text_literal = is_text_literal(*relation.rel, shown.in_rel);
  const auto* project = relation.rel->as<ProjectRel>();
  if (!managed || project == nullptr || given.type.id() != TypeId::kString) return given;
  const auto made = std::ranges::find(project->columns, shown.in_rel, &plan::NamedExpression::name);
  given.text_literal |=
      made != project->columns.end() && made->expression->kind == expr::Kind::kLiteral;
  return given;
}

Status Compiler::add(const Insert& insert) {
  DF_ASSIGN_OR_RETURN(const std::string name, Catalog::plain_name(insert.target, script_));
  const Table* table = catalog_.find_table(name);
  if (table == nullptr) {
    std::vector<std::string> names;
    for (const auto& [known, definition] : catalog_.tables()) names.push_back(known);
    const bool view = catalog_.find_view(name) != nullptr;
    return at_place(insert.target.place,
                    view ? "`" + name + "` is a view; rows go into tables"
                         : "there is no table `" + name + "`" + suggestion(name, names));
  }
  if (!insert.partition.empty()) {
    return at_place(insert.target.place, "INSERT … PARTITION is not supported yet");
  }
  DF_ASSIGN_OR_RETURN(plan::SinkSpec sink, sink_of(*table, settings_, script_));
  DF_ASSIGN_OR_RETURN(Relation relation, binder_.bind(*insert.query));
  const bool batch = settings_.mode() == RuntimeMode::kBatch;
  // The order of DISTINCT ON has said which rows there are.
  const auto* select = std::get_if<Select>(&insert.query->body);
  const bool sorted = batch || select == nullptr || !select->first_of_each;
  if (!insert.query->order_by.empty() && insert.query->limit == nullptr && !batch && sorted) {
    return at_place(insert.query->order_by[0].expression->place,
                    "a stream has no end behind which it could be sorted; add a LIMIT, or SET "
                    "'execution.runtime-mode' = 'batch'");
  }
  DF_ASSIGN_OR_RETURN(relation, binder_.limited(*insert.query, std::move(relation), sorted));
  const std::vector<ColumnDefinition> targets = columns_of(*table);
  DF_ASSIGN_OR_RETURN(const auto places, places_of(insert, targets, relation.columns.size()));
  std::vector<plan::NamedExpression> columns;
  for (size_t i = 0; i < targets.size(); ++i) {
    const ColumnDefinition& target = targets[i];
    if (!places[i] && !target.nullable) {
      return at_place(insert.target.place, "column `" + target.name + "` of `" + table->name +
                                               "` is NOT NULL, and INSERT does not name it");
    }
    ExpressionPtr value = expr::cast(expr::literal(Value()), target.type);
    if (places[i]) {
      const Result<ExpressionPtr> assigned_value =
          assigned(*table, target, given_by(relation, *places[i], table->managed));
      if (!assigned_value.ok()) {
        return at_place(insert.target.place, assigned_value.status().message());
      }
      value = *assigned_value;
    }
    columns.push_back({target.name, std::move(value)});
  }
  queries_.push_back({relation.rel, std::move(columns)});
  sinks_.push_back({table->name + "_sink", std::move(sink), insert.target.place});
  return {};
}

// Columns that only the order asks for stand behind the others.
void Compiler::sort_by(Relation& relation, CompiledQuery& made) {
  const size_t visible = relation.columns.size();
  for (const plan::OrderColumn& by : relation.order) {
    size_t at = 0;
    while (at < relation.columns.size() && relation.columns[at].in_rel != by.column) ++at;
    if (at == relation.columns.size()) relation.columns.push_back({by.column, by.column});
    made.order_by.push_back({at, by.descending, by.nulls_first});
  }
  made.hidden = relation.columns.size() - visible;
}

Result<CompiledQuery> Compiler::query(const Query& query) {
  CompiledQuery made;
  DF_ASSIGN_OR_RETURN(Relation relation, binder_.bind(query));
  sort_by(relation, made);
  if (query.limit != nullptr) {
    DF_ASSIGN_OR_RETURN(made.limit, count_of(query.limit, "LIMIT"));
  }
  if (query.offset != nullptr) {
    DF_ASSIGN_OR_RETURN(made.offset, count_of(query.offset, "OFFSET"));
  }
  std::vector<plan::NamedExpression> columns;
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    const VisibleColumn& column = relation.columns[i];
    const Field& field = (*relation.rel->schema)[*relation.rel->schema->find(column.in_rel)];
    columns.push_back({column.in_rel, expr::column(column.in_rel)});
    if (i + made.hidden < relation.columns.size()) {
      made.columns.push_back({column.name, field.type, field.nullable});
    }
  }
  plan::SinkSpec sink;
  sink.connector = "collect";
  queries_.push_back({relation.rel, std::move(columns)});
  sinks_.push_back({std::string(kCollect), std::move(sink), query.place});
  return made;
}

// The columns that tell the view's rows apart, under its own names.
Status Compiler::find_key(const CreateView& create, const Relation& relation, Table& table) {
  if (create.primary_key) {
    for (const Name& name : create.primary_key->columns) {
      const auto found = std::ranges::find_if(
          relation.columns, [&](const auto& each) { return same_name(each.name, name.last()); });
      if (found == relation.columns.end()) {
        return at_place(name.place, "PRIMARY KEY: the view has no column `" + name.last() + "`");
      }
      table.primary_key.push_back(found->name);
    }
    return {};
  }
  const std::optional<std::vector<std::string>> found = row_key(*relation.rel);
  if (!found) return {};
  table.one_row = found->empty();
  if (table.one_row) table.primary_key = {std::string(kOneRowColumn)};
  for (const std::string& name : *found) {
    const auto shown = std::ranges::find(relation.columns, name, &VisibleColumn::in_rel);
    if (shown == relation.columns.end()) {
      table.primary_key.clear();
      return {};
    }
    table.primary_key.push_back(shown->name);
  }
  return {};
}

Result<Table> Compiler::view(const CreateView& create) {
  binder_.give_rows_of_nothing();
  binder_.let_windows_stay_open();
  DF_ASSIGN_OR_RETURN(Relation relation, binder_.bind(*create.query));
  DF_ASSIGN_OR_RETURN(relation, binder_.limited(*create.query, std::move(relation), false));
  if (!create.columns.empty()) {
    if (create.columns.size() != relation.columns.size()) {
      return at_place(create.name.place, "view `" + create.name.last() + "` names " +
                                             std::to_string(create.columns.size()) +
                                             " columns, its query gives " +
                                             std::to_string(relation.columns.size()));
    }
    for (size_t i = 0; i < create.columns.size(); ++i) relation.columns[i].name = create.columns[i];
  }
  Table table;
  table.name = create.name.last();
  table.managed = true;
  table.comment = create.comment;
  DF_RETURN_IF_ERROR(find_key(create, relation, table));
  std::vector<plan::NamedExpression> columns;
  std::set<std::string> names;
  if (table.one_row) {
    ColumnDefinition one;
    one.name = kOneRowColumn;
    one.type = Type::boolean();
    one.nullable = false;
    table.columns.push_back(one);
    columns.push_back({one.name, expr::literal(Value::boolean(true))});
  }
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    const VisibleColumn& column = relation.columns[i];
    if (column.name == kOneRowColumn) {
      return at_place(create.name.place, "`" + column.name + "` is a name of the server's own");
    }
    if (!names.insert(column.name).second) {
      return at_place(create.name.place,
                      "column `" + column.name + "` is there twice; give one another name with AS");
    }
    const Field& field = (*relation.rel->schema)[*relation.rel->schema->find(column.in_rel)];
    ColumnDefinition definition;
    definition.name = column.name;
    definition.type = field.type;
    definition.nullable = field.nullable;
    definition.place = create.name.place;
    table.columns.push_back(std::move(definition));
    columns.push_back({column.name, expr::column(column.in_rel)});
  }
  table.watermark = create.watermark;
  if (table.watermark) {
    // What it is read as is told now, not to its first reader.
    DF_RETURN_IF_ERROR(check_table(table, create.name.place, script_));
    DF_RETURN_IF_ERROR(source_of(table, {}, settings_, script_).status());
  }
  DF_ASSIGN_OR_RETURN(plan::SinkSpec sink, sink_of(table, settings_, script_));
  queries_.push_back({relation.rel, std::move(columns)});
  sinks_.push_back({std::string(kViewSink), std::move(sink), create.name.place});
  return table;
}

// Where rows go that could not be read, came too late or failed. Whoever waits for a query's rows
// sees its failures himself.
std::optional<plan::SinkSpec> dead_letters_of(const Settings& settings) {
  if (settings.dead_letters().empty()) return std::nullopt;
  plan::SinkSpec sink;
  sink.connector = "log";
  sink.options = {{"topic", settings.dead_letters()}, {"create", "true"}};
  sink.format = "json";
  return sink;
}

Result<Compiled> Compiler::finish() {
  Compiled made;
  prune(queries_);
  Lowering lowering(plan_, settings_.state_ttl_ms(), bounded_);
  for (size_t i = 0; i < queries_.size(); ++i) {
    ReadRel& query = queries_[i];
    Sink& sink = sinks_[i];
    DF_RETURN_IF_ERROR(lowering.add_sink(query.rel, std::move(query.columns), std::move(sink.id),
                                         std::move(sink.spec), sink.place));
  }
  plan_.name = settings_.pipeline_name();
  plan_.job.bounded = bounded_;
  plan_.job.parallelism = settings_.parallelism();
  if (settings_.checkpoint_interval_ms() > 0) {
    plan_.job.checkpoint_interval_ms = settings_.checkpoint_interval_ms();
  }
  if (sinks_.front().id != kCollect) plan_.job.dead_letters = dead_letters_of(settings_);
  DF_RETURN_IF_ERROR(plan::validate(plan_));
  DF_ASSIGN_OR_RETURN(plan_, plan::with_shared_nodes(plan_));
  const std::string zone = settings_.time_zone();
  if (!is_utc(zone)) DF_RETURN_IF_ERROR(put_in_zone(plan_, zone));
  made.plan = std::move(plan_);
  made.warnings = growing_state(made.plan);
  return made;
}

}  // namespace

Result<Compiled> compile(const std::vector<Insert>& inserts, const Catalog& catalog,
                         const Settings& settings, const std::string& script) {
  Compiler compiler(catalog, settings, script, settings.mode() == RuntimeMode::kBatch);
  for (const Insert& insert : inserts) {
    DF_RETURN_IF_ERROR(put_caret(compiler.add(insert), script));
  }
  Result<Compiled> made = compiler.finish();
  if (!made.ok()) return put_caret(made.status(), script);
  return made;
}

Result<CompiledQuery> compile(const Query& query, const Catalog& catalog, const Settings& settings,
                              const std::string& script, bool following) {
  Settings own = settings;
  if (!following) DF_RETURN_IF_ERROR(own.set("execution.runtime-mode", "batch"));
  Compiler compiler(catalog, own, script, !following);
  Result<CompiledQuery> made = compiler.query(query);
  if (!made.ok()) return put_caret(made.status(), script);
  Result<Compiled> plan = compiler.finish();
  if (!plan.ok()) return put_caret(plan.status(), script);
  made->compiled = std::move(*plan);
  return made;
}

Result<CompiledView> compile_view(const CreateView& create, const Catalog& catalog,
                                  const Settings& settings, const std::string& script) {
  Settings own = settings;
  DF_RETURN_IF_ERROR(own.set("execution.runtime-mode", "streaming"));
  CompiledView made;
  Compiler compiler(catalog, own, script, false);
  Result<Table> table = compiler.view(create);
  if (!table.ok()) return put_caret(table.status(), script);
  made.table = std::move(*table);
  Result<Compiled> plan = compiler.finish();
  if (!plan.ok()) return put_caret(plan.status(), script);
  made.compiled = std::move(*plan);
  const plan::Node* const sink = made.compiled.plan.find(kViewSink);
  const plan::Node* const origin = plan::origin_of_updates(made.compiled.plan, sink->inputs[0]);
  if (!made.table.primary_key.empty() || origin == nullptr) return made;
  return put_caret(
      at_place(create.name.place,
               "rows of view `" + create.name.last() + "` change (" + origin->id +
                   "), and no columns of it tell them apart; add what it is grouped by, or the "
                   "keys of what it joins, to its list, or say PRIMARY KEY (…) NOT ENFORCED"),
      script);
}

Result<std::vector<OutputColumn>> describe_query(const Query& query, const Catalog& catalog,
                                                 const Settings& settings,
                                                 const std::string& script) {
  Binder binder(catalog, settings, script);
  const Result<Relation> relation = binder.bind(query);
  if (!relation.ok()) return put_caret(relation.status(), script);
  std::vector<OutputColumn> columns;
  for (const VisibleColumn& column : relation->columns) {
    const Schema& schema = *relation->rel->schema;
    const Field& field = schema[*schema.find(column.in_rel)];
    columns.push_back({column.name, field.type, field.nullable});
  }
  return columns;
}

Result<std::vector<OutputColumn>> describe_relation(const std::string& name, const Catalog& catalog,
                                                    const Settings& settings) {
  std::string text = "SELECT * FROM `";
  for (const char c : name) {
    if (c == '`') text += c;
    text += c;
  }
  text += "`";
  DF_ASSIGN_OR_RETURN(const StatementAst parsed, parse_statement(text));
  return describe_query(*std::get<SelectStatement>(parsed.what).query, catalog, settings, text);
}

}  // namespace dataflow::sql
