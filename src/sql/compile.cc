#include "sql/compile.h"

#include <algorithm>

#include "base/edit_distance.h"
#include "binder.h"
#include "expr/bound.h"
#include "growing_state.h"
#include "lower.h"
#include "names.h"
#include "sql/parser.h"

namespace dataflow::sql {
namespace {

// A column that INSERT may fill.
struct TargetColumn {
  std::string name;
  Type type;
  bool nullable = true;
};

std::vector<TargetColumn> columns_of(const Table& table) {
  std::vector<TargetColumn> columns;
  for (const ColumnDefinition& column : table.columns) {
    const bool kept = column.kind == ColumnKind::kPhysical ||
                      (column.kind == ColumnKind::kMetadata && !column.is_virtual);
    if (kept) columns.push_back({column.name, column.type, column.nullable});
  }
  return columns;
}

// Whether a value becomes one of that type without being asked to: never losing any.
bool fits(const Type& from, const Type& to) {
  if (from == to) return true;
  if (from.is_numeric() && to.is_float()) return from.id() != TypeId::kFloat64 || from == to;
  if (from.is_integer() && to.is_integer()) return from.id() <= to.id();
  if (from.is_integer() || from.id() == TypeId::kDecimal) return to.id() == TypeId::kDecimal;
  if (from.is_timestamp() || from.id() == TypeId::kDate) return to.is_timestamp();
  if (from.id() == TypeId::kTime) return to.id() == TypeId::kTime;
  if (from.id() == TypeId::kJson) return to.id() == TypeId::kString;
  if (!from.is_nested() || from.id() != to.id()) return false;
  return std::ranges::equal(from.fields(), to.fields(),
                            [](const Field& a, const Field& b) { return fits(a.type, b.type); });
}

// "line L, column C: what" gets the line of the script and a caret behind it.
Status put_caret(const Status& status, const std::string& script) {
  if (status.ok() || status.code() != StatusCode::kInvalid) return status;
  const std::string& message = status.message();
  Place place;
  int read = 0;
  if (message.find('\n') != std::string::npos ||
      std::sscanf(message.c_str(), "line %d, column %d: %n", &place.line, &place.column, &read) !=
          2 ||
      read == 0) {
    return status;
  }
  return error_at(script, place, message.substr(static_cast<size_t>(read)));
}

class Compiler {
 public:
  Compiler(const Catalog& catalog, const Settings& settings, const std::string& script)
      : catalog_(catalog),
        settings_(settings),
        script_(script),
        binder_(catalog, settings, script),
        lowering_(plan_, settings.state_ttl_ms()) {}

  Status add(const Insert& insert);
  Result<CompiledQuery> query(const Query& query);
  Result<Compiled> finish(bool bounded);

 private:
  // Where each of the query's columns goes, by the target's order; none: it is NULL.
  Result<std::vector<std::optional<size_t>>> places_of(const Insert& insert,
                                                       const std::vector<TargetColumn>& columns,
                                                       size_t given) const;
  static void sort_by(Relation& relation, CompiledQuery& made);

  const Catalog& catalog_;
  const Settings& settings_;
  const std::string& script_;
  plan::Plan plan_;
  Binder binder_;
  Lowering lowering_;
};

Result<std::vector<std::optional<size_t>>> Compiler::places_of(
    const Insert& insert, const std::vector<TargetColumn>& columns, size_t given) const {
  std::vector<std::optional<size_t>> places(columns.size());
  const std::string& target = insert.target.last();
  if (insert.columns.empty()) {
    if (given != columns.size()) {
      std::string names;
      for (const TargetColumn& column : columns) names += (names.empty() ? "" : ", ") + column.name;
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
    auto found = std::ranges::find(columns, name.last(), &TargetColumn::name);
    if (found == columns.end()) {
      found = std::ranges::find_if(
          columns, [&](const TargetColumn& column) { return same_name(column.name, name.last()); });
    }
    if (found == columns.end()) {
      std::vector<std::string> names;
      for (const TargetColumn& column : columns) names.push_back(column.name);
      return at_place(name.place, "`" + target + "` has no column `" + name.last() + "`" +
                                      suggestion(name.last(), names));
    }
    std::optional<size_t>& place = places[static_cast<size_t>(found - columns.begin())];
    if (place) return at_place(name.place, "column `" + name.last() + "` is named twice");
    place = i;
  }
  return places;
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
  if (!insert.query->order_by.empty() && insert.query->limit == nullptr && !batch) {
    return at_place(insert.query->order_by[0].expression->place,
                    "a stream has no end behind which it could be sorted; add a LIMIT, or SET "
                    "'execution.runtime-mode' = 'batch'");
  }
  DF_ASSIGN_OR_RETURN(relation, binder_.limited(*insert.query, std::move(relation), true));
  const std::vector<TargetColumn> targets = columns_of(*table);
  DF_ASSIGN_OR_RETURN(const auto places, places_of(insert, targets, relation.columns.size()));
  std::vector<plan::NamedExpression> columns;
  for (size_t i = 0; i < targets.size(); ++i) {
    const TargetColumn& target = targets[i];
    if (!places[i] && !target.nullable) {
      return at_place(insert.target.place, "column `" + target.name + "` of `" + table->name +
                                               "` is NOT NULL, and INSERT does not name it");
    }
    ExpressionPtr value = expr::cast(expr::literal(Value()), target.type);
    if (places[i]) {
      const VisibleColumn& column = relation.columns[*places[i]];
      const Type from = relation.type_of(*places[i]);
      value = expr::column(column.in_rel);
      if (!(from == target.type)) value = expr::cast(value, target.type);
      if (!fits(from, target.type) && !is_null_literal(*relation.rel, column.in_rel)) {
        return at_place(insert.target.place, "column `" + target.name + "` of `" + table->name +
                                                 "` is " + target.type.to_string() +
                                                 ", the query gives " + from.to_string() + " (" +
                                                 column.name + "); write CAST(… AS " +
                                                 target.type.to_string() + ")");
      }
    }
    columns.push_back({target.name, std::move(value)});
  }
  return lowering_.add_sink(relation.rel, std::move(columns), table->name + "_sink",
                            std::move(sink), insert.target.place);
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
  DF_RETURN_IF_ERROR(lowering_.add_sink(relation.rel, std::move(columns), std::string(kCollect),
                                        std::move(sink), query.place));
  return made;
}

Result<Compiled> Compiler::finish(bool bounded) {
  Compiled made;
  plan_.name = settings_.pipeline_name();
  plan_.job.bounded = bounded;
  plan_.job.parallelism = settings_.parallelism();
  if (settings_.checkpoint_interval_ms() > 0) {
    plan_.job.checkpoint_interval_ms = settings_.checkpoint_interval_ms();
  }
  DF_RETURN_IF_ERROR(plan::validate(plan_));
  made.plan = std::move(plan_);
  made.warnings = growing_state(made.plan);
  return made;
}

}  // namespace

Result<Compiled> compile(const std::vector<Insert>& inserts, const Catalog& catalog,
                         const Settings& settings, const std::string& script) {
  Compiler compiler(catalog, settings, script);
  for (const Insert& insert : inserts) {
    DF_RETURN_IF_ERROR(put_caret(compiler.add(insert), script));
  }
  Result<Compiled> made = compiler.finish(settings.mode() == RuntimeMode::kBatch);
  if (!made.ok()) return put_caret(made.status(), script);
  return made;
}

Result<CompiledQuery> compile(const Query& query, const Catalog& catalog, const Settings& settings,
                              const std::string& script, bool following) {
  Settings own = settings;
  if (!following) DF_RETURN_IF_ERROR(own.set("execution.runtime-mode", "batch"));
  Compiler compiler(catalog, own, script);
  Result<CompiledQuery> made = compiler.query(query);
  if (!made.ok()) return put_caret(made.status(), script);
  Result<Compiled> plan = compiler.finish(!following);
  if (!plan.ok()) return put_caret(plan.status(), script);
  made->compiled = std::move(*plan);
  return made;
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

}  // namespace dataflow::sql
