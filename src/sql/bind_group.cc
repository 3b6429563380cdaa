// GROUP BY, aggregates and HAVING.
//
// What is grouped by and every aggregate become columns of one AggregateRel; then the select list
// and HAVING are written over these. An expression that still names a column of the input there has
// no one value for a group, and is refused.
#include <algorithm>
#include <map>

#include "aggregate_call.h"
#include "binder.h"
#include "parts.h"
#include "plan/aggregate.h"
#include "row_of_nothing.h"

namespace dataflow::sql {
namespace {

bool is_aggregate(const expr::Expression& expression) {
  if (const Clauses* clauses = clauses_of(expression)) return !clauses->over;
  return expression.kind == expr::Kind::kCall && plan::find_aggregate(expression.name) != nullptr;
}

// Functions of GROUP BY TUMBLE(ts, …) and the like, from before there were window tables.
struct OldWindow {
  std::string_view name;
  plan::WindowKind kind;
  size_t intervals;
};
constexpr OldWindow kOldWindows[] = {{"TUMBLE", plan::WindowKind::kTumbling, 1},
                                     {"HOP", plan::WindowKind::kHopping, 2},
                                     {"SESSION", plan::WindowKind::kSession, 1}};

const OldWindow* old_window(const expr::Expression& expression) {
  if (expression.kind != expr::Kind::kCall) return nullptr;
  for (const OldWindow& known : kOldWindows) {
    if (known.name == expression.name && expression.arguments.size() >= 2) return &known;
  }
  return nullptr;
}

class GroupBinder {
 public:
  GroupBinder(RelPtr input, const Names& names, const Select& select,
              const std::vector<OutputItem>& items, const ValuesOf& values_of, bool of_nothing)
      : input_(std::move(input)),
        names_(names),
        select_(select),
        items_(items),
        values_of_(values_of),
        of_nothing_(of_nothing) {
    const auto taken = [&](const Field& field) { return field.name.starts_with(stand_in_); };
    while (std::ranges::any_of(input_->schema->fields(), taken)) stand_in_ += '$';
  }

  Result<RelPtr> run(std::vector<ExpressionPtr>& expressions) {
    DF_RETURN_IF_ERROR(take_keys());
    for (ExpressionPtr& expression : expressions) {
      DF_ASSIGN_OR_RETURN(expression, take_aggregates(expression));
    }
    DF_ASSIGN_OR_RETURN(RelPtr made, build());
    for (ExpressionPtr& expression : expressions) {
      DF_ASSIGN_OR_RETURN(expression, over_groups(expression));
    }
    return made;
  }

 private:
  Result<ExpressionPtr> resolved_item(const OutputItem& item) const {
    if (item.resolved) return item.expression;
    return resolve_all(item.expression, names_, select_);
  }

  // Subqueries within what is grouped become columns of the input.
  Result<ExpressionPtr> without_subqueries(const ExpressionPtr& expression) {
    if (expression == nullptr || !has_subquery(*expression)) return expression;
    return values_of_(input_, expression);
  }

  // ---- keys

  Status take_keys() {
    for (const ExpressionPtr& written : select_.group_by) {
      DF_ASSIGN_OR_RETURN(const ExpressionPtr key, key_of(written));
      if (has_aggregates(*key)) {
        return at_place(written->place, "an aggregate cannot be grouped by");
      }
      if (has_over(*key)) {
        return at_place(written->place,
                        "groups come before OVER; group in a query around the one with OVER");
      }
      if (const OldWindow* window = old_window(*key)) {
        if (old_ != nullptr) return at_place(written->place, "GROUP BY takes one window");
        old_ = key;
        DF_RETURN_IF_ERROR(take_old_window(*window, *key));
        continue;
      }
      DF_ASSIGN_OR_RETURN(ExpressionPtr value, without_subqueries(key));
      keys_.push_back({key->to_string(), std::move(value)});
    }
    return {};
  }

  // `GROUP BY 2` is the second column, and a name that no table has is a column's of the list.
  Result<ExpressionPtr> key_of(const ExpressionPtr& written) const {
    if (written->kind == expr::Kind::kLiteral && written->value.type().is_integer() &&
        !written->value.is_null()) {
      const int64_t at = written->value.as_int();
      if (at < 1 || at > std::ssize(items_)) {
        return at_place(written->place, "GROUP BY " + std::to_string(at) + ": the list has " +
                                            std::to_string(items_.size()) + " columns");
      }
      return resolved_item(items_[static_cast<size_t>(at - 1)]);
    }
    if (written->kind == expr::Kind::kColumn) {
      DF_ASSIGN_OR_RETURN(const VisibleColumn* column, names_.find(written->name, written->place));
      if (column == nullptr) {
        for (const OutputItem& item : items_) {
          if (same_name(item.name, written->name) && item.expression != written) {
            return resolved_item(item);
          }
        }
      }
    }
    return resolve_all(written, names_, select_);
  }

  Status take_old_window(const OldWindow& known, const expr::Expression& key) {
    const ExpressionPtr& time = key.arguments[0];
    if (time->kind != expr::Kind::kColumn) {
      return at_place(time->place, key.name + " takes a time column first");
    }
    old_window_.kind = known.kind;
    std::vector<int64_t> spans;
    for (size_t i = 1; i < key.arguments.size(); ++i) {
      DF_ASSIGN_OR_RETURN(const int64_t span, milliseconds_of(key.arguments[i], key.name));
      spans.push_back(span);
    }
    if (spans.size() < known.intervals || spans.size() > known.intervals + 1) {
      return at_place(key.place, key.name + " takes a time column and " +
                                     std::to_string(known.intervals) + " INTERVAL" +
                                     (known.intervals > 1 ? "s" : ""));
    }
    // HOP(ts, slide, size)
    if (known.intervals == 2) old_window_.slide_ms = spans[0];
    old_window_.size_ms = spans[known.intervals - 1];
    if (spans.size() > known.intervals) old_window_.offset_ms = spans.back();
    if (input_->processing_times.contains(time->name)) {
      old_window_.time = plan::TimeKind::kProcessing;
    } else {
      old_window_.time_column = time->name;
    }
    return {};
  }

  // ---- aggregates

  // The same tree, with each aggregate as a column that stands for it.
  Result<ExpressionPtr> take_aggregates(const ExpressionPtr& expression) {
    if (is_aggregate(*expression)) return take_aggregate(expression);
    return with_parts_as(expression,
                         [&](const ExpressionPtr& part) { return take_aggregates(part); });
  }

  Result<ExpressionPtr> take_aggregate(const ExpressionPtr& call) {
    const std::string text = call->to_string();
    if (const auto known = by_text_.find(text); known != by_text_.end()) {
      return stand_in(known->second, call->place);
    }
    plan::Aggregate made;
    DF_ASSIGN_OR_RETURN(made, aggregate_of(*call));
    by_text_.emplace(text, aggregates_.size());
    made.name = "$agg" + std::to_string(aggregates_.size());
    aggregates_.push_back(std::move(made));
    return stand_in(aggregates_.size() - 1, call->place);
  }

  std::string stand_in_name(size_t aggregate) const {
    return stand_in_ + std::to_string(aggregate);
  }

  ExpressionPtr stand_in(size_t aggregate, Place place) const {
    return expr::column(stand_in_name(aggregate), place);
  }

  Result<plan::Aggregate> aggregate_of(const expr::Expression& call) {
    const plan::AggregateFunction* function = plan::find_aggregate(call.name);
    if (function == nullptr) {
      return at_place(call.place, call.name + " is no aggregate function; it takes no clauses");
    }
    for (const ExpressionPtr& argument : call.arguments) {
      if (has_aggregates(*argument) || has_over(*argument)) {
        return at_place(argument->place, "aggregates cannot stand within aggregates");
      }
    }
    DF_ASSIGN_OR_RETURN(plan::Aggregate made, aggregate_call(call, *function));
    DF_ASSIGN_OR_RETURN(made.argument, without_subqueries(made.argument));
    const Clauses* clauses = clauses_of(call);
    if (clauses == nullptr) return made;
    if (clauses->filter != nullptr) {
      if (has_aggregates(*clauses->filter) || has_over(*clauses->filter)) {
        return at_place(clauses->filter->place, "aggregates cannot stand within FILTER");
      }
      DF_ASSIGN_OR_RETURN(made.filter, without_subqueries(clauses->filter));
    }
    return made;
  }

  // ---- the Rel

  // Keys that are no columns become ones of a projection below.
  Result<RelPtr> build() {
    RelPtr below = input_;
    AggregateRel aggregate;
    DF_ASSIGN_OR_RETURN(below, with_key_columns(std::move(below)));
    if (old_ != nullptr) {
      if (old_window_.time == plan::TimeKind::kEvent &&
          below->event_time != old_window_.time_column) {
        return at_place(old_->place, "`" + old_window_.time_column +
                                         "` is not the event time of the rows; declare it in the "
                                         "table with WATERMARK FOR");
      }
      if (old_window_.kind == plan::WindowKind::kSession) {
        old_window_.partition_by = key_columns_;
      }
      DF_ASSIGN_OR_RETURN(below, make_window_table(std::move(below), old_window_));
    }
    aggregate.by_window = old_ != nullptr || groups_by_window(*below);
    for (const std::string& key : key_columns_) {
      if (aggregate.by_window && old_ == nullptr && below->window->has(key)) continue;
      if (std::ranges::find(aggregate.keys, key) != aggregate.keys.end()) continue;
      aggregate.keys.push_back(key);
    }
    aggregate.aggregates = aggregates_;
    if (aggregate.keys.empty() && !aggregate.by_window && aggregates_.empty()) {
      // One row, of whatever there is.
      plan::Aggregate count;
      count.function = "COUNT";
      count.name = "$agg0";
      aggregate.aggregates.push_back(std::move(count));
    }
    aggregate.place = !select_.group_by.empty() ? select_.group_by[0]->place
                      : items_.empty()          ? Place()
                                                : items_[0].expression->place;
    if (of_nothing_ && aggregate.keys.empty() && !aggregate.by_window) {
      DF_ASSIGN_OR_RETURN(below, with_row_of_nothing(below, aggregate.aggregates));
    }
    const bool by_window = aggregate.by_window;
    const std::vector<std::string> keys = aggregate.keys;  // each once
    const RelPtr input = below;
    DF_ASSIGN_OR_RETURN(const RelPtr made, make_aggregate(input, std::move(aggregate)));
    // What each key and each aggregate is called there.
    const Schema& schema = *made->schema;
    size_t at = by_window ? 3 : 0;
    std::map<std::string, std::string> of_key;
    for (const std::string& key : keys) of_key[key] = schema[at++].name;
    for (size_t i = 0; i < keys_.size(); ++i) {
      const std::string& key = key_columns_[i];
      std::string name;
      if (of_key.contains(key)) {
        name = of_key[key];
      } else {
        name = key == input->window->start ? "window_start"
               : key == input->window->end ? "window_end"
                                           : "window_time";
      }
      key_outputs_[keys_[i].text] = name;
    }
    for (size_t i = 0; i < aggregates_.size(); ++i) {
      aggregate_outputs_[stand_in_name(i)] = schema[at++].name;
    }
    return made;
  }

  Result<RelPtr> with_key_columns(RelPtr below) {
    const bool bare = std::ranges::all_of(
        keys_, [](const Key& key) { return key.value->kind == expr::Kind::kColumn; });
    if (bare) {
      for (const Key& key : keys_) key_columns_.push_back(key.value->name);
      return below;
    }
    std::vector<plan::NamedExpression> columns;
    std::set<std::string> taken;
    for (const Field& field : below->schema->fields()) {
      columns.push_back({field.name, expr::column(field.name)});
      taken.insert(field.name);
    }
    for (const auto& [text, key] : keys_) {
      if (key->kind == expr::Kind::kColumn) {
        key_columns_.push_back(key->name);
        continue;
      }
      const std::string name = free_name("$key", taken);
      taken.insert(name);
      columns.push_back({name, key});
      key_columns_.push_back(name);
    }
    return make_project(std::move(below), std::move(columns));
  }

  bool groups_by_window(const Rel& below) const {
    if (!below.window) return false;
    const auto has = [&](const std::string& name) {
      return !name.empty() && std::ranges::find(key_columns_, name) != key_columns_.end();
    };
    return has(below.window->start) && has(below.window->end);
  }

  // ---- over the groups

  Result<ExpressionPtr> over_groups(const ExpressionPtr& expression) const {
    if (expression->kind == expr::Kind::kColumn) {
      const auto aggregate = aggregate_outputs_.find(expression->name);
      if (aggregate != aggregate_outputs_.end()) {
        return expr::column(aggregate->second, expression->place);
      }
    }
    const auto key = key_outputs_.find(expression->to_string());
    if (key != key_outputs_.end()) return expr::column(key->second, expression->place);
    if (old_ != nullptr && expression->kind == expr::Kind::kCall) {
      if (const auto column = old_window_column(expression->name)) {
        DF_RETURN_IF_ERROR(same_old_window(*expression));
        return expr::column(*column, expression->place);
      }
    }
    if (expression->kind == expr::Kind::kColumn) {
      const std::string name = shown(expression->name);
      return at_place(expression->place, "`" + name +
                                             "` has several values in a group: put it into GROUP "
                                             "BY, or into an aggregate such as MAX(" +
                                             name + ")");
    }
    return with_parts_as(expression, [&](const ExpressionPtr& part) { return over_groups(part); });
  }

  // What the user calls a column.
  std::string shown(const std::string& in_rel) const {
    for (const VisibleTable& table : names_.tables()) {
      for (const VisibleColumn& column : table.columns) {
        if (column.in_rel == in_rel) return column.name;
      }
    }
    return in_rel;
  }

  Status same_old_window(const expr::Expression& call) const {
    const auto& of_key = old_->arguments;
    bool same = call.arguments.size() == of_key.size() && call.name.starts_with(old_->name + "_");
    for (size_t i = 0; same && i < of_key.size(); ++i) {
      same = of_key[i]->to_string() == call.arguments[i]->to_string();
    }
    if (same) return {};
    return at_place(call.place,
                    call.name + " is not of the window in GROUP BY, which is " + old_->to_string());
  }

  struct Key {
    std::string text;  // as written, over names of columns
    ExpressionPtr value;
  };

  RelPtr input_;
  const Names& names_;
  const Select& select_;
  const std::vector<OutputItem>& items_;
  const ValuesOf& values_of_;
  const bool of_nothing_;
  std::string stand_in_ = "$a";  // no column of the input begins so

  std::vector<Key> keys_;                 // over the input
  std::vector<std::string> key_columns_;  // as many
  ExpressionPtr old_;                     // GROUP BY TUMBLE(…); null: none
  WindowTableRel old_window_;
  std::vector<plan::Aggregate> aggregates_;
  std::map<std::string, size_t> by_text_;
  std::map<std::string, std::string> key_outputs_;        // by the key's text
  std::map<std::string, std::string> aggregate_outputs_;  // by its stand-in
};

}  // namespace

std::optional<std::string> old_window_column(std::string_view call) {
  for (const OldWindow& known : kOldWindows) {
    if (call.size() <= known.name.size()) continue;
    if (!same_name(call.substr(0, known.name.size()), known.name)) continue;
    const std::string_view rest = call.substr(known.name.size());
    if (same_name(rest, "_START")) return "window_start";
    if (same_name(rest, "_END")) return "window_end";
    if (same_name(rest, "_ROWTIME") || same_name(rest, "_PROCTIME")) return "window_time";
  }
  return std::nullopt;
}

bool has_aggregates(const expr::Expression& expression) {
  return anywhere_in(expression, is_aggregate);
}

Result<RelPtr> bind_group(RelPtr input, const Names& names, const Select& select,
                          const std::vector<OutputItem>& items, const ValuesOf& values_of,
                          bool of_nothing, std::vector<ExpressionPtr>& expressions) {
  return GroupBinder(std::move(input), names, select, items, values_of, of_nothing)
      .run(expressions);
}

}  // namespace dataflow::sql
