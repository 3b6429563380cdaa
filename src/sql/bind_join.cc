// FROM a JOIN b: names of both sides, ON, USING and NATURAL, joins as of a time.
#include <algorithm>

#include "binder.h"
#include "join_shape.h"

namespace dataflow::sql {
namespace {

using plan::JoinKind;

bool is_window_name(std::string_view name) {
  return name == "window_start" || name == "window_end" || name == "window_time";
}

JoinKind kind_of(JoinType type) {
  switch (type) {
    case JoinType::kLeft:
    case JoinType::kLeftAsof: return JoinKind::kLeft;
    case JoinType::kRight: return JoinKind::kRight;
    case JoinType::kFull: return JoinKind::kFull;
    case JoinType::kSemi: return JoinKind::kSemi;
    case JoinType::kAnti: return JoinKind::kAnti;
    case JoinType::kInner:
    case JoinType::kCross:
    case JoinType::kAsof: break;
  }
  return JoinKind::kInner;
}

// The side's columns under names that nothing else has, a join of windows' own ones among it.
Status set_apart(RelPtr& rel, std::vector<VisibleTable>& tables, std::set<std::string>& taken) {
  std::map<std::string, std::string> names;
  std::vector<plan::NamedExpression> columns;
  bool changed = false;
  for (const Field& field : rel->schema->fields()) {
    const std::string wanted = is_window_name(field.name) ? "$" + field.name : field.name;
    const std::string name = free_name(wanted, taken);
    taken.insert(name);
    changed |= name != field.name;
    names[field.name] = name;
    columns.push_back({name, expr::column(field.name)});
  }
  if (!changed) return {};
  for (VisibleTable& table : tables) {
    for (VisibleColumn& column : table.columns) column.in_rel = names.at(column.in_rel);
  }
  DF_ASSIGN_OR_RETURN(rel, make_project(std::move(rel), std::move(columns)));
  return {};
}

std::vector<std::string> columns_of(const std::vector<VisibleTable>& tables) {
  std::vector<std::string> names;
  for (const VisibleTable& table : tables) {
    for (const VisibleColumn& column : table.columns) {
      if (!column.qualified_only) names.push_back(column.name);
    }
  }
  return names;
}

void hide(std::vector<VisibleTable>& tables, const std::string& in_rel) {
  for (VisibleTable& table : tables) {
    for (VisibleColumn& column : table.columns) column.qualified_only |= column.in_rel == in_rel;
    // What an earlier USING made is that column.
    if (table.alias.empty()) {
      std::erase_if(table.columns,
                    [](const VisibleColumn& column) { return column.qualified_only; });
    }
  }
}

// Not all pairs are wanted.
bool asks_for_pairs(const JoinedTable& join) {
  if (join.natural || !join.using_columns.empty()) return true;
  return join.on != nullptr && join.on->kind != expr::Kind::kLiteral;
}

// UNNEST and series of constants.
bool is_the_same_for_all(const TableRef& table) {
  const auto* function = std::get_if<TableFunction>(&table.what);
  if (function == nullptr) return false;
  return std::ranges::all_of(function->arguments, [](const TableArgument& argument) {
    const auto* value = std::get_if<ExpressionPtr>(&argument.value);
    return value != nullptr && expr::columns_of(**value).empty();
  });
}

// Columns that both sides have, and that the join makes one of.
class Shared {
 public:
  Shared(const Catalog& catalog, const JoinedTable& join, std::vector<VisibleTable>& left,
         std::vector<VisibleTable>& right)
      : catalog_(catalog), join_(join), left_(left), right_(right) {}

  // What is compared; null: nothing.
  Result<ExpressionPtr> condition() {
    ExpressionPtr all;
    const Names left(catalog_, left_), right(catalog_, right_);
    for (const Name& name : names()) {
      const std::string& last = name.last();
      DF_ASSIGN_OR_RETURN(const ExpressionPtr a, left.resolve(expr::column(last, name.place)));
      DF_ASSIGN_OR_RETURN(const ExpressionPtr b, right.resolve(expr::column(last, name.place)));
      all = both(all, expr::call("=", {a, b}, name.place));
      pairs_.push_back({last, a->name, b->name});
    }
    return all;
  }

  // The columns once, in front; of full joins what either side has.
  std::vector<plan::NamedExpression> merge(JoinKind kind, const Rel& joined) {
    std::vector<plan::NamedExpression> columns;
    VisibleTable once;
    std::set<std::string> taken;
    for (const Field& field : joined.schema->fields()) taken.insert(field.name);
    for (const Pair& pair : pairs_) {
      hide(left_, pair.left);
      hide(right_, pair.right);
      std::string in_rel = kind == JoinKind::kRight ? pair.right : pair.left;
      if (kind == JoinKind::kFull) {
        in_rel = free_name("$" + pair.name, taken);
        taken.insert(in_rel);
        columns.push_back(
            {in_rel, expr::call("COALESCE", {expr::column(pair.left), expr::column(pair.right)})});
      }
      once.columns.push_back({pair.name, in_rel});
    }
    if (!pairs_.empty()) left_.insert(left_.begin(), std::move(once));
    return columns;
  }

 private:
  struct Pair {
    std::string name, left, right;
  };

  std::vector<Name> names() const {
    if (!join_.natural) return join_.using_columns;
    std::vector<Name> names;
    const std::vector<std::string> of_right = columns_of(right_);
    for (const std::string& name : columns_of(left_)) {
      const bool in_both = std::ranges::any_of(
          of_right, [&](const std::string& other) { return same_name(name, other); });
      if (in_both) names.push_back({{name}, {}});
    }
    return names;
  }

  const Catalog& catalog_;
  const JoinedTable& join_;
  std::vector<VisibleTable>& left_;
  std::vector<VisibleTable>& right_;
  std::vector<Pair> pairs_;
};

}  // namespace

// The time of the left side as of which the right one is read.
Result<plan::TemporalJoinSpec> Binder::as_of_spec(const ExpressionPtr& as_of, const From& left) {
  plan::TemporalJoinSpec spec;
  DF_ASSIGN_OR_RETURN(const ExpressionPtr time, left.names.resolve(as_of));
  const bool clock = time->kind == expr::Kind::kCall && time->name == "PROCTIME";
  if (clock ||
      (time->kind == expr::Kind::kColumn && left.rel->processing_times.contains(time->name))) {
    spec.time = plan::TimeKind::kProcessing;
    return spec;
  }
  if (time->kind == expr::Kind::kColumn && left.rel->event_time == time->name) {
    spec.left_time = time->name;
    return spec;
  }
  return at_place(as_of->place, "FOR SYSTEM_TIME AS OF takes the event time of the left side" +
                                    (left.rel->event_time ? ", `" + *left.rel->event_time + "`"
                                                          : ", which has none (WATERMARK FOR …)") +
                                    ", or its PROCTIME() column");
}

Result<Binder::From> Binder::bind_join(const JoinedTable& join, Place place) {
  DF_ASSIGN_OR_RETURN(From left, bind_from(join.left));
  // In a stream even those that are the same for each row are put beside it, which keeps no state.
  const bool apart = settings_.mode() == RuntimeMode::kBatch && asks_for_pairs(join) &&
                     is_the_same_for_all(*join.right);
  if (is_unnest(*join.right) && !apart) return join_unnest(std::move(left), join, place);
  TableRefPtr right_table = join.right;
  ExpressionPtr as_of;
  if (const auto* named = std::get_if<NamedTable>(&join.right->what); named && named->as_of) {
    auto bare = std::make_shared<TableRef>(*join.right);
    as_of = named->as_of;
    std::get<NamedTable>(bare->what).as_of = nullptr;
    right_table = std::move(bare);
  }
  DF_ASSIGN_OR_RETURN(From right, bind_from(right_table));
  std::vector<VisibleTable> tables = left.names.tables(), others = right.names.tables();
  std::set<std::string> taken;
  DF_RETURN_IF_ERROR(set_apart(left.rel, tables, taken));
  DF_RETURN_IF_ERROR(set_apart(right.rel, others, taken));
  left.names = Names(catalog_, tables);
  std::vector<VisibleTable> all = tables;
  all.insert(all.end(), others.begin(), others.end());

  Shared shared(catalog_, join, tables, others);
  DF_ASSIGN_OR_RETURN(ExpressionPtr on, shared.condition());
  const JoinKind kind = kind_of(join.type);
  ExpressionPtr asked;  // by subqueries, of the pairs that `on` has made
  if (join.on != nullptr) {
    DF_ASSIGN_OR_RETURN(ExpressionPtr written, Names(catalog_, all).resolve(join.on));
    if (has_over(*written) || has_aggregates(*written)) {
      return at_place(join.on->place,
                      "ON is about pairs of rows; aggregates and OVER stand in a query that is "
                      "joined");
    }
    for (const ExpressionPtr& part : conjuncts_of(written)) {
      ExpressionPtr& where = has_subquery(*part) ? asked : on;
      where = both(std::move(where), part);
    }
    const bool of_each = join.type == JoinType::kAsof || join.type == JoinType::kLeftAsof;
    if (asked != nullptr && (kind != JoinKind::kInner || of_each)) {
      return at_place(asked->place,
                      "subqueries in ON are not supported yet where rows without a partner stay, "
                      "nor in ASOF joins; put them into a query that is joined");
    }
  }
  const bool asof = join.type == JoinType::kAsof || join.type == JoinType::kLeftAsof;
  From made{nullptr, Names(catalog_, {})};
  if (as_of != nullptr || asof) {
    DF_ASSIGN_OR_RETURN(made.rel, bind_temporal(kind, left, right, on, as_of, place));
  } else {
    DF_ASSIGN_OR_RETURN(made.rel, make_join(left.rel, right.rel, kind, std::move(on), place));
  }
  std::vector<plan::NamedExpression> merged = shared.merge(kind, *made.rel);
  if (!merged.empty()) {
    std::vector<plan::NamedExpression> columns = all_columns(*made.rel->schema);
    columns.insert(columns.end(), merged.begin(), merged.end());
    DF_ASSIGN_OR_RETURN(made.rel, make_project(made.rel, std::move(columns)));
  }
  if (kind != JoinKind::kSemi && kind != JoinKind::kAnti) {
    tables.insert(tables.end(), others.begin(), others.end());
  }
  made.names = Names(catalog_, std::move(tables));
  if (asked != nullptr) {
    DF_ASSIGN_OR_RETURN(made.rel, bind_where(made.rel, made.names, asked));
  }
  return made;
}

Result<RelPtr> Binder::bind_temporal(JoinKind kind, const From& left, const From& right,
                                     ExpressionPtr on, const ExpressionPtr& as_of, Place place) {
  plan::TemporalJoinSpec spec;
  RelPtr others = right.rel;
  if (as_of != nullptr) {
    DF_ASSIGN_OR_RETURN(spec, as_of_spec(as_of, left));
  } else {
    std::vector<ExpressionPtr> parts = conjuncts_of(on);
    DF_ASSIGN_OR_RETURN(const TimeOrder order,
                        take_time_order(*left.rel, *right.rel, parts, place));
    spec.left_time = order.left;
    spec.right_time = order.right;
    spec.strictly_before = order.strictly;
    on = nullptr;
    // The latest of the rows that it lets through, and not the latest of all if it is one of them.
    ExpressionPtr of_right;
    for (const ExpressionPtr& part : parts) {
      const bool alone = !expr::columns_of(*part).empty() && reads_only(*part, *others->schema);
      ExpressionPtr& where = alone ? of_right : on;
      where = both(std::move(where), part);
    }
    if (of_right != nullptr) {
      DF_ASSIGN_OR_RETURN(others, make_filter(std::move(others), std::move(of_right)));
    }
  }
  if (spec.time == plan::TimeKind::kEvent && spec.right_time.empty()) {
    if (!others->event_time) {
      return at_place(place,
                      "a join as of event time reads versions of the right side by its event time; "
                      "it has none (WATERMARK FOR …)");
    }
    spec.right_time = *others->event_time;
  }
  spec.kind = kind;
  return make_temporal_join(left.rel, std::move(others), std::move(spec), on, place);
}

}  // namespace dataflow::sql
