// Queries: SELECT, VALUES, UNION ALL, WITH.
#include <algorithm>
#include <map>
#include <set>

#include "binder.h"
#include "emit.h"
#include "expr/bound.h"
#include "spelt_out.h"

namespace dataflow::sql {
namespace {

constexpr int kMostNested = 100;

const Star* star_of(const SelectItem& item) {
  if (item.expression->kind != expr::Kind::kExtension) return nullptr;
  return dynamic_cast<const Star*>(item.expression->extension.get());
}

// `*` becomes columns; each item has a name.
Result<std::vector<OutputItem>> expand(const Select& select, const Names& names) {
  std::vector<OutputItem> items;
  for (const SelectItem& item : select.items) {
    if (const Star* star = star_of(item)) {
      DF_ASSIGN_OR_RETURN(const std::vector<VisibleColumn> columns, names.star(star->qualifier));
      for (const VisibleColumn& column : columns) {
        items.push_back({column.name, expr::column(column.in_rel, item.expression->place), true});
      }
      continue;
    }
    items.push_back({item.alias, item.expression});
    if (item.alias.empty()) items.back().name = default_name(*item.expression, items.size() - 1);
  }
  return items;
}

std::vector<Type> types_of(const Relation& relation) {
  std::vector<Type> types;
  for (size_t i = 0; i < relation.columns.size(); ++i) types.push_back(relation.type_of(i));
  return types;
}

// Whether the value is known only when it is computed.
bool asks_the_clock(const expr::Expression& value) {
  static const std::set<std::string> kClocks = {"CURRENT_TIMESTAMP",
                                                "CURRENT_ROW_TIMESTAMP",
                                                "CURRENT_DATE",
                                                "CURRENT_TIME",
                                                "LOCALTIMESTAMP",
                                                "LOCALTIME",
                                                "NOW",
                                                "PROCTIME"};
  if (value.kind == expr::Kind::kCall &&
      (kClocks.contains(value.name) ||
       (value.name == "UNIX_TIMESTAMP" && value.arguments.empty()))) {
    return true;
  }
  return std::ranges::any_of(value.arguments,
                             [](const ExpressionPtr& part) { return asks_the_clock(*part); });
}

// The rows of VALUES: what is known is data, and what the clock says is computed where the rows are
// read, by their numbers.
class RowsOfValues {
 public:
  RowsOfValues(const std::vector<std::vector<ExpressionPtr>>& rows, std::vector<Field> fields,
               std::string zone)
      : rows_(rows), fields_(std::move(fields)), zone_(std::move(zone)), later_(fields_.size()) {}

  Result<Relation> run() {
    for (size_t row = 0; row < rows_.size(); ++row) {
      made_.emplace_back();
      for (size_t column = 0; column < rows_[row].size(); ++column) {
        DF_ASSIGN_OR_RETURN(Value value, value_of(row, column));
        made_.back().push_back(std::move(value));
      }
    }
    Relation result;
    for (const Field& field : fields_) result.columns.push_back({field.name, field.name});
    const bool any = std::ranges::any_of(later_, [](const auto& later) { return !later.empty(); });
    if (!any) {
      result.rel = make_values(std::make_shared<const Schema>(fields_), std::move(made_));
      return result;
    }
    std::vector<plan::NamedExpression> columns;
    for (size_t i = 0; i < fields_.size(); ++i) columns.push_back({fields_[i].name, column_of(i)});
    fields_.push_back({std::string(kRow), Type::int32(), false});
    for (size_t row = 0; row < rows_.size(); ++row) {
      made_[row].push_back(Value::integer(Type::int32(), static_cast<int64_t>(row)));
    }
    RelPtr numbered = make_values(std::make_shared<const Schema>(fields_), std::move(made_));
    DF_ASSIGN_OR_RETURN(result.rel, make_project(std::move(numbered), std::move(columns)));
    return result;
  }

 private:
  static constexpr std::string_view kRow = "$row";
  // What is computed of these rows.
  struct Later {
    ExpressionPtr value;
    std::vector<ExpressionPtr> rows;
  };

  Result<Value> value_of(size_t row, size_t column) {
    const ExpressionPtr& written = rows_[row][column];
    const Schema nothing;
    Field& field = fields_[column];
    const ExpressionPtr cast = expr::cast(written, field.type, written->place);
    DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, expr::bind(cast, nothing));
    if (asks_the_clock(*written)) {
      later_[column][cast->to_string()].value = cast;
      later_[column][cast->to_string()].rows.push_back(
          expr::literal(Value::integer(Type::int32(), static_cast<int64_t>(row))));
      field.nullable = true;
      return Value::null(field.type);
    }
    expr::EvalContext context;
    context.time_zone = zone_;
    Batch one;
    one.rows = 1;
    DF_ASSIGN_OR_RETURN(const ColumnPtr value, bound->evaluate(one, {}, context));
    if (!context.faults.empty()) {
      return at_place(written->place, context.faults.front().reason);
    }
    Value made = value_at(field.type, *value, 0);
    field.nullable |= made.is_null();
    return made;
  }

  ExpressionPtr column_of(size_t column) const {
    const ExpressionPtr known = expr::column(fields_[column].name);
    const auto& later = later_[column];
    if (later.empty()) return known;
    if (later.begin()->second.rows.size() == rows_.size()) return later.begin()->second.value;
    auto choice = std::make_shared<expr::Expression>();
    choice->kind = expr::Kind::kCase;
    for (const auto& [text, of] : later) {
      std::vector<ExpressionPtr> in = {expr::column(std::string(kRow))};
      in.insert(in.end(), of.rows.begin(), of.rows.end());
      choice->arguments.push_back(expr::call("IN", std::move(in)));
      choice->arguments.push_back(of.value);
    }
    choice->arguments.push_back(known);
    return choice;
  }

  const std::vector<std::vector<ExpressionPtr>>& rows_;
  std::vector<Field> fields_;
  const std::string zone_;
  std::vector<std::map<std::string, Later>> later_;  // by column, by text
  std::vector<std::vector<Value>> made_;
};

}  // namespace

RelPtr one_row() {
  const auto schema =
      std::make_shared<const Schema>(std::vector<Field>{{"$row", Type::int32(), false}});
  return make_values(schema, {{Value::integer(Type::int32(), 0)}});
}

std::string default_name(const expr::Expression& expression, size_t i) {
  if (expression.kind == expr::Kind::kColumn) return expression.name;
  if (expression.kind == expr::Kind::kCall && expression.name == "FIELD" &&
      expression.arguments.size() == 2 && expression.arguments[1]->kind == expr::Kind::kLiteral &&
      expression.arguments[1]->value.type().id() == TypeId::kString &&
      !expression.arguments[1]->value.is_null()) {
    return expression.arguments[1]->value.as_text();
  }
  return "EXPR$" + std::to_string(i);
}

Result<Relation> Binder::bind(const Query& query) {
  if (++depth_ > kMostNested) {
    return at_place(query.place, "queries nest deeper than " + std::to_string(kMostNested) +
                                     " levels; is a view defined by itself?");
  }
  common_.emplace_back();
  for (const CommonTable& common : query.with) {
    DF_ASSIGN_OR_RETURN(Relation bound, bind(*common.query));
    DF_RETURN_IF_ERROR(rename(bound, common.columns, common.place));
    if (!common_.back().emplace(common.name, std::move(bound)).second) {
      return at_place(common.place, "WITH defines `" + common.name + "` twice");
    }
  }
  Result<Relation> bound = bind_body(query);
  if (bound.ok()) bound = emitting(query, std::move(*bound));
  common_.pop_back();
  --depth_;
  // Of the whole query the one who asked takes care.
  if (depth_ == 0 || !bound.ok()) return bound;
  return limited(query, std::move(*bound), false);
}

// In batch mode all that leaves is final, whatever EMIT says.
Result<Relation> Binder::emitting(const Query& query, Relation relation) const {
  if (query.emit == Emit::kUsual || settings_.mode() == RuntimeMode::kBatch) return relation;
  if (query.emit == Emit::kChanges) {
    relation.rel = emitting_changes(relation.rel);
  } else if (!leaves_on_close(*relation.rel)) {
    return at_place(query.place,
                    "EMIT ON WINDOW CLOSE is for results of windows, and this query's rows are of "
                    "none that closes; leave it out, or group by window_start and window_end");
  }
  return relation;
}

Result<Relation> Binder::bind_body(const Query& query) {
  if (const auto* select = std::get_if<Select>(&query.body)) {
    return bind_select(*select, query.order_by);
  }
  const auto* values = std::get_if<Values>(&query.body);
  Result<Relation> bound = values != nullptr ? bind_values(*values, query.place)
                                             : bind_set(std::get<SetOperation>(query.body));
  if (bound.ok()) DF_RETURN_IF_ERROR(order_output(query.order_by, *bound));
  return bound;
}

// The list and QUALIFY over the groups, and what HAVING leaves of these.
Status Binder::bind_groups(From& from, const Select& select, const std::vector<OutputItem>& items,
                           std::vector<ExpressionPtr>& list) {
  if (select.having != nullptr) {
    if (has_over(*select.having)) {
      return at_place(select.having->place,
                      "HAVING comes before OVER; filter in a query around it, or by QUALIFY");
    }
    const ExpressionPtr written = without_aliases(select.having, from.names, items);
    DF_ASSIGN_OR_RETURN(ExpressionPtr having, resolve_all(written, from.names, select));
    list.push_back(std::move(having));
  }
  const ValuesOf values_of = [&](RelPtr& rel, const ExpressionPtr& expression) {
    return bind_values_of(rel, from.names, expression);
  };
  DF_ASSIGN_OR_RETURN(
      from.rel, bind_group(from.rel, from.names, select, items, values_of, rows_of_nothing_, list));
  if (select.having == nullptr) return {};
  DF_ASSIGN_OR_RETURN(from.rel, bind_where(from.rel, from.names, list.back()));
  list.pop_back();
  return {};
}

// The columns of the list over the rows or groups, and what QUALIFY leaves of them.
Result<std::vector<ExpressionPtr>> Binder::bind_list(From& from, const Select& select,
                                                     const std::vector<OutputItem>& items) {
  std::vector<ExpressionPtr> list;
  bool grouped = select.has_group_by || select.having != nullptr;
  for (const OutputItem& item : items) {
    list.push_back(item.expression);
    if (item.resolved) continue;
    DF_ASSIGN_OR_RETURN(list.back(), resolve_all(item.expression, from.names, select));
    grouped |= has_aggregates(*list.back());
  }
  if (select.qualify != nullptr) {
    const ExpressionPtr written = without_aliases(select.qualify, from.names, items);
    DF_ASSIGN_OR_RETURN(ExpressionPtr condition, resolve_all(written, from.names, select));
    grouped |= has_aggregates(*condition);
    list.push_back(std::move(condition));
  }
  if (grouped) DF_RETURN_IF_ERROR(bind_groups(from, select, items, list));
  bool over = false;
  for (ExpressionPtr& expression : list) {
    DF_ASSIGN_OR_RETURN(expression, bind_values_of(from.rel, from.names, expression));
    over |= has_over(*expression);
  }
  if (over) {
    DF_ASSIGN_OR_RETURN(from.rel, bind_over(from.rel, list));
  }
  if (select.qualify != nullptr) {
    DF_ASSIGN_OR_RETURN(from.rel, bind_where(from.rel, from.names, list.back()));
    list.pop_back();
  }
  // Those that compare what came from OVER.
  for (ExpressionPtr& expression : list) {
    DF_ASSIGN_OR_RETURN(expression, bind_values_of(from.rel, from.names, expression));
  }
  return list;
}

Result<Relation> Binder::bind_select(const Select& select, const std::vector<OrderItem>& order_by) {
  From from{one_row(), Names(catalog_, {})};
  if (select.from != nullptr) {
    DF_ASSIGN_OR_RETURN(from, bind_from(select.from));
  }
  if (select.where != nullptr) {
    if (has_aggregates(*select.where)) {
      return at_place(select.where->place,
                      "WHERE is about single rows; conditions on aggregates stand in HAVING");
    }
    if (has_over(*select.where)) {
      return at_place(select.where->place,
                      "WHERE comes before OVER; filter in a query around it, or by QUALIFY");
    }
    DF_ASSIGN_OR_RETURN(const ExpressionPtr where, resolve_all(select.where, from.names, select));
    DF_ASSIGN_OR_RETURN(from.rel, bind_where(from.rel, from.names, where));
  }
  DF_ASSIGN_OR_RETURN(std::vector<OutputItem> items, expand(select, from.names));
  const size_t visible = items.size();
  DF_ASSIGN_OR_RETURN(const std::vector<SelectOrder> order,
                      add_order(order_by, from.names, items, select.distinct));
  DF_ASSIGN_OR_RETURN(const std::vector<ExpressionPtr> expressions, bind_list(from, select, items));
  DF_ASSIGN_OR_RETURN(Relation result, project(from.rel, items, expressions));
  if (select.distinct) {
    DF_ASSIGN_OR_RETURN(result, distinct(std::move(result)));
  }
  for (const SelectOrder& by : order) {
    result.order.push_back(by.column);
    result.order.back().column = result.columns[by.item].in_rel;
  }
  result.columns.resize(visible);
  return result;
}

Result<Relation> Binder::project(RelPtr rel, const std::vector<OutputItem>& items,
                                 const std::vector<ExpressionPtr>& expressions) const {
  Relation result;
  std::set<std::string> taken;
  std::vector<plan::NamedExpression> columns;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string name = free_name(items[i].name, taken);
    taken.insert(name);
    columns.push_back({name, expressions[i]});
    result.columns.push_back({name, name});
  }
  if (columns.empty()) return Status::invalid("SELECT names no columns");
  DF_ASSIGN_OR_RETURN(result.rel, make_project(std::move(rel), std::move(columns)));
  return result;
}

// All columns are the key of a group.
Result<Relation> Binder::distinct(Relation relation) const {
  AggregateRel aggregate;
  const std::optional<WindowColumns>& window = relation.rel->window;
  std::set<std::string> visible;
  for (const VisibleColumn& column : relation.columns) visible.insert(column.in_rel);
  aggregate.by_window = window && visible.contains(window->start) && visible.contains(window->end);
  const auto of_window = [&](const std::string& name) {
    return aggregate.by_window && window->has(name);
  };
  for (const VisibleColumn& column : relation.columns) {
    if (!of_window(column.in_rel)) aggregate.keys.push_back(column.in_rel);
  }
  const RelPtr input = relation.rel;
  const std::vector<std::string> keys = aggregate.keys;
  DF_ASSIGN_OR_RETURN(relation.rel, make_aggregate(input, std::move(aggregate)));
  const size_t first = relation.rel->as<AggregateRel>()->by_window ? 3 : 0;
  for (VisibleColumn& column : relation.columns) {
    if (of_window(column.in_rel)) {
      column.in_rel = column.in_rel == window->start ? "window_start"
                      : column.in_rel == window->end ? "window_end"
                                                     : "window_time";
      continue;
    }
    const size_t key = static_cast<size_t>(std::ranges::find(keys, column.in_rel) - keys.begin());
    column.in_rel = (*relation.rel->schema)[first + key].name;
  }
  return relation;
}

Result<Relation> Binder::bind_values(const Values& values, Place place) {
  const Schema nothing;
  std::vector<Type> types(values.rows.front().size());
  std::vector<std::vector<ExpressionPtr>> rows = values.rows;
  for (auto& row : rows) {
    for (ExpressionPtr& value : row) {
      DF_ASSIGN_OR_RETURN(value, spelt_out(value, catalog_));
    }
    if (row.size() != types.size()) {
      return at_place(row.empty() ? place : row.front()->place,
                      "this row has " + std::to_string(row.size()) +
                          " values, and the first one has " + std::to_string(types.size()));
    }
  }
  // The type of a column is that of a CASE over its values.
  std::vector<Field> fields;
  for (size_t column = 0; column < types.size(); ++column) {
    expr::Expression both;
    both.kind = expr::Kind::kCase;
    both.place = rows[0][column]->place;
    for (const auto& row : rows) {
      both.arguments.push_back(expr::literal(Value::boolean(true)));
      both.arguments.push_back(row[column]);
    }
    both.arguments.pop_back();
    both.arguments.pop_back();
    both.arguments.push_back(rows.back()[column]);
    ExpressionPtr all =
        rows.size() == 1 ? rows[0][column] : std::make_shared<const expr::Expression>(both);
    DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, expr::bind(all, nothing));
    Type type = bound->type().id() == TypeId::kNull ? Type::string() : bound->type();
    fields.push_back({"EXPR$" + std::to_string(column), std::move(type), bound->nullable()});
  }
  return RowsOfValues(rows, std::move(fields), settings_.time_zone()).run();
}

// The relation with these types and with its visible columns only, in their order.
Result<Relation> Binder::as_columns(Relation relation, const std::vector<Type>& types) {
  std::vector<plan::NamedExpression> columns;
  for (size_t i = 0; i < types.size(); ++i) {
    ExpressionPtr value = expr::column(relation.columns[i].in_rel);
    if (!(relation.type_of(i) == types[i])) value = expr::cast(value, types[i]);
    columns.push_back({relation.columns[i].name, std::move(value)});
    relation.columns[i].in_rel = relation.columns[i].name;
  }
  DF_ASSIGN_OR_RETURN(relation.rel, make_project(relation.rel, std::move(columns)));
  return relation;
}

// Each row with its number among those that are equal to it.
Result<RelPtr> Binder::numbered(const Relation& relation, Place place) {
  plan::RankSpec spec;
  std::set<std::string> taken;
  for (const VisibleColumn& column : relation.columns) {
    spec.keys.push_back(column.in_rel);
    taken.insert(column.in_rel);
  }
  spec.number = free_name("$number", taken);
  return make_rank(relation.rel, std::move(spec), place);
}

// NULL is equal to NULL here. Each row once, or, with `all`, as often as left and right say.
Result<Relation> Binder::same_rows(const SetOperation& set, Relation left, Relation right,
                                   Place place) {
  for (Relation* each : {&left, &right}) {
    Rel bare = *each->rel;
    bare.event_time.reset();
    bare.window.reset();
    each->rel = std::make_shared<const Rel>(std::move(bare));
    std::vector<plan::NamedExpression> columns;
    for (const VisibleColumn& column : each->columns) {
      columns.push_back({column.name, expr::column(column.in_rel)});
    }
    DF_ASSIGN_OR_RETURN(each->rel, make_project(each->rel, std::move(columns)));
    for (VisibleColumn& column : each->columns) column.in_rel = column.name;
    if (set.all) {
      DF_ASSIGN_OR_RETURN(each->rel, numbered(*each, place));
    } else {
      DF_ASSIGN_OR_RETURN(*each, distinct(std::move(*each)));
    }
  }
  DF_ASSIGN_OR_RETURN(left.rel,
                      make_same_rows(left.rel, right.rel, set.kind == SetKind::kIntersect, place));
  return left;
}

Result<Relation> Binder::bind_set(const SetOperation& set) {
  const Place place = set.right->place;
  const std::string name = set.kind == SetKind::kUnion       ? "UNION"
                           : set.kind == SetKind::kIntersect ? "INTERSECT"
                                                             : "EXCEPT";
  DF_ASSIGN_OR_RETURN(Relation left, bind(*set.left));
  DF_ASSIGN_OR_RETURN(Relation right, bind(*set.right));
  if (left.columns.size() != right.columns.size()) {
    return at_place(place, "the queries of " + name + " have " +
                               std::to_string(left.columns.size()) + " and " +
                               std::to_string(right.columns.size()) + " columns");
  }
  const std::vector<Type> first = types_of(left), second = types_of(right);
  std::vector<Type> types;
  for (size_t i = 0; i < first.size(); ++i) {
    // A bare NULL has the other one's type.
    const bool no_left = is_null_literal(*left.rel, left.columns[i].in_rel);
    if (no_left || is_null_literal(*right.rel, right.columns[i].in_rel)) {
      types.push_back(no_left ? second[i] : first[i]);
      continue;
    }
    expr::Expression both;
    both.kind = expr::Kind::kCase;
    both.arguments = {expr::literal(Value::boolean(true)), expr::column("l"), expr::column("r")};
    const Schema schema({{"l", first[i]}, {"r", second[i]}});
    const auto bound = expr::bind(std::make_shared<const expr::Expression>(both), schema);
    if (!bound.ok()) {
      return at_place(place, "column " + std::to_string(i + 1) + " of " + name + " is " +
                                 first[i].to_string() + " in one query and " +
                                 second[i].to_string() + " in the other; cast one of them");
    }
    types.push_back((*bound)->type());
  }
  for (size_t i = 0; i < types.size(); ++i) right.columns[i].name = left.columns[i].name;
  DF_ASSIGN_OR_RETURN(left, as_columns(std::move(left), types));
  DF_ASSIGN_OR_RETURN(right, as_columns(std::move(right), types));
  if (set.kind != SetKind::kUnion) return same_rows(set, left, std::move(right), place);
  // Event time goes on only where both carry it in the same column.
  if (left.rel->schema->size() != right.rel->schema->size() ||
      left.rel->event_time != right.rel->event_time) {
    for (Relation* each : {&left, &right}) {
      Rel bare = *each->rel;
      bare.event_time.reset();
      if (bare.schema->size() > types.size()) {
        auto& columns = std::get<ProjectRel>(bare.what).columns;
        columns.resize(types.size());
        std::vector<Field> fields = bare.schema->fields();
        fields.resize(types.size());
        bare.schema = std::make_shared<const Schema>(std::move(fields));
      }
      each->rel = std::make_shared<const Rel>(std::move(bare));
    }
  }
  DF_ASSIGN_OR_RETURN(left.rel, make_union({left.rel, right.rel}));
  if (!set.all) return distinct(std::move(left));
  return left;
}

}  // namespace dataflow::sql
