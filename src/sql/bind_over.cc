// OVER (…): what it is over becomes columns of OverRels, and each call a name of one of these.
#include <algorithm>
#include <map>

#include "aggregate_call.h"
#include "binder.h"
#include "parts.h"
#include "plan/aggregate.h"
#include "plan/over_function.h"

namespace dataflow::sql {
namespace {

using expr::Kind;

const Clauses* over_of(const expr::Expression& expression) {
  const Clauses* clauses = clauses_of(expression);
  return clauses != nullptr && clauses->over ? clauses : nullptr;
}

// What a named window says, with what is added to it. Its base is one of the first `count`: a
// window of WINDOW builds on those before it, and never on itself.
Result<WindowDefinition> full_window(const WindowDefinition& written, const Select& select,
                                     size_t count) {
  if (written.base.empty()) return written;
  for (size_t i = 0; i < count; ++i) {
    const auto& [name, definition] = select.windows[i];
    if (!same_name(name, written.base)) continue;
    DF_ASSIGN_OR_RETURN(WindowDefinition full, full_window(definition, select, i));
    if (!written.partition_by.empty()) full.partition_by = written.partition_by;
    if (!written.order_by.empty()) full.order_by = written.order_by;
    if (written.frame) full.frame = written.frame;
    return full;
  }
  return at_place(written.place, "there is no window `" + written.base + "` in WINDOW" +
                                     (count < select.windows.size() ? " before it" : ""));
}

// Arguments are over the Rel's columns already, clauses are not.
Result<ExpressionPtr> with_clauses(const ExpressionPtr& expression, const Names& names,
                                   const Select& select) {
  ExpressionPtr whole = expression;
  if (const Clauses* clauses = over_of(*expression)) {
    auto full = std::make_shared<Clauses>(*clauses);
    DF_ASSIGN_OR_RETURN(full->over, full_window(*clauses->over, select, select.windows.size()));
    auto made = std::make_shared<expr::Expression>(*expression);
    made->extension = std::move(full);
    whole = std::move(made);
  }
  size_t arguments = whole->arguments.size();
  return with_parts_as(whole, [&](const ExpressionPtr& part) -> Result<ExpressionPtr> {
    if (arguments > 0) {
      --arguments;
      return with_clauses(part, names, select);
    }
    DF_ASSIGN_OR_RETURN(const ExpressionPtr resolved, names.resolve(part));
    return with_clauses(resolved, names, select);
  });
}

class OverBinder {
 public:
  explicit OverBinder(RelPtr rel) : rel_(std::move(rel)) {}

  // The same expression, over the Rel as it is in the end.
  Result<ExpressionPtr> take(const ExpressionPtr& expression) {
    if (over_of(*expression) != nullptr) return take_call(expression);
    if (expression->arguments.empty()) return expression;
    auto made = std::make_shared<expr::Expression>(*expression);
    for (ExpressionPtr& argument : made->arguments) {
      DF_ASSIGN_OR_RETURN(argument, take(argument));
    }
    return ExpressionPtr(std::move(made));
  }

  // One node for all calls with one window.
  Result<RelPtr> build() {
    RelPtr rel = rel_;
    if (!keys_.empty()) {
      std::vector<plan::NamedExpression> columns = all_columns(*rel->schema);
      columns.insert(columns.end(), keys_.begin(), keys_.end());
      DF_ASSIGN_OR_RETURN(rel, make_project(rel, std::move(columns)));
    }
    for (Group& group : groups_) {
      DF_ASSIGN_OR_RETURN(rel, make_over(rel, std::move(group.spec), group.place));
    }
    return rel;
  }

 private:
  struct Group {
    std::string text;
    plan::OverSpec spec;
    Place place;
  };

  Result<ExpressionPtr> take_call(const ExpressionPtr& call) {
    const Clauses& clauses = *over_of(*call);
    if (const ExpressionPtr chosen = without_default(call)) return take(chosen);
    const std::string text = call->to_string();
    if (const auto known = by_text_.find(text); known != by_text_.end()) {
      return expr::column(known->second, call->place);
    }
    DF_ASSIGN_OR_RETURN(plan::Aggregate aggregate, aggregate_of(*call, clauses));
    DF_ASSIGN_OR_RETURN(plan::OverSpec spec,
                        spec_of(*clauses.over, aggregate.function, call->place));
    const std::string key = text_of(spec);
    auto group = std::ranges::find(groups_, key, &Group::text);
    if (group == groups_.end()) {
      groups_.push_back({key, std::move(spec), call->place});
      group = groups_.end() - 1;
    }
    aggregate.name = new_name("$over");
    by_text_[text] = aggregate.name;
    group->spec.aggregates.push_back(aggregate);
    return expr::column(aggregate.name, call->place);
  }

  // The default of LAG and LEAD is a value in the plan. One that is computed of the current row is
  // chosen where there is no such row: LAG(1, n) is NULL there. Null: it is a value, or none.
  static ExpressionPtr without_default(const ExpressionPtr& call) {
    const plan::OverFunction* function = plan::find_over_function(call->name);
    using Of = plan::OverFunctionKind;
    if (function == nullptr || (function->kind != Of::kLag && function->kind != Of::kLead) ||
        call->arguments.size() != 3 || call->arguments[2]->kind == Kind::kLiteral) {
      return nullptr;
    }
    auto value = std::make_shared<expr::Expression>(*call);
    value->arguments.pop_back();
    auto there = std::make_shared<expr::Expression>(*value);
    there->arguments[0] = expr::literal(Value::integer(Type::int32(), 1), call->place);
    auto chosen = std::make_shared<expr::Expression>();
    chosen->kind = Kind::kCase;
    chosen->place = call->place;
    chosen->arguments = {expr::call("IS NULL", {std::move(there)}, call->place), call->arguments[2],
                         std::move(value)};
    return chosen;
  }

  // Of functions that stand OVER rows only.
  static Status check_clauses(const expr::Expression& call, const Clauses& clauses) {
    if (clauses.star) return at_place(call.place, "only COUNT takes `*`");
    if (!clauses.order_by.empty() || !clauses.within_group.empty()) {
      return at_place(call.place, call.name + " takes the ORDER BY of its OVER");
    }
    if (!clauses.ignore_nulls) return {};
    return at_place(call.place, "IGNORE NULLS is not supported yet of " + call.name);
  }

  static Result<plan::Aggregate> aggregate_of(const expr::Expression& call,
                                              const Clauses& clauses) {
    plan::Aggregate made;
    using Kind = plan::OverFunctionKind;
    const plan::OverFunction* of_order = plan::find_over_function(call.name);
    const plan::AggregateFunction* known = plan::find_aggregate(call.name);
    if (of_order == nullptr && known == nullptr) {
      return at_place(call.place, "there is no function " + call.name + " that takes OVER");
    }
    if (of_order == nullptr) {
      DF_ASSIGN_OR_RETURN(made, aggregate_call(call, *known));
      made.filter = clauses.filter;
      return made;
    }
    DF_RETURN_IF_ERROR(check_clauses(call, clauses));
    made.function = of_order->name;
    made.distinct = clauses.distinct;
    made.filter = clauses.filter;
    const bool shifts = of_order->kind == Kind::kLag || of_order->kind == Kind::kLead;
    const bool nth = of_order->kind == Kind::kNthValue;
    const size_t most = shifts ? 3 : nth ? 2 : of_order->kind == Kind::kNtile ? 1 : 0;
    if (call.arguments.size() > most || (call.arguments.empty() && most > 0)) {
      return at_place(call.place, call.name + " takes " +
                                      (shifts      ? "a value, how many rows back, and a default"
                                       : nth       ? "a value and which one of the frame"
                                       : most == 0 ? "no arguments"
                                                   : "one argument") +
                                      ", here are " + std::to_string(call.arguments.size()));
    }
    for (size_t i = 0; i < call.arguments.size(); ++i) {
      if (i == 0) {
        made.argument = call.arguments[0];
      } else {
        made.parameters.push_back(call.arguments[i]);
      }
    }
    return made;
  }

  Result<plan::OverSpec> spec_of(const WindowDefinition& window, const std::string& function,
                                 Place place) {
    plan::OverSpec spec;
    for (const ExpressionPtr& value : window.partition_by) {
      std::string key = column_for(value);
      if (std::ranges::find(spec.keys, key) == spec.keys.end()) spec.keys.push_back(std::move(key));
    }
    for (const OrderItem& item : window.order_by) {
      plan::OrderColumn by;
      by.column = column_for(item.expression);
      by.descending = item.descending;
      // NULL is the least value, as in Flink.
      by.nulls_first =
          item.nulls == NullsOrder::kUsual ? !item.descending : item.nulls == NullsOrder::kFirst;
      spec.order.push_back(std::move(by));
    }
    if (plan::find_over_function(function) != nullptr && function != "NTH_VALUE") {
      if (spec.order.empty() && function != "ROW_NUMBER") {
        return at_place(place, function + " needs an ORDER BY in its OVER");
      }
      spec.unit = plan::FrameUnit::kRows;
      return spec;
    }
    if (!window.frame) {
      // Without an order all rows are peers.
      if (spec.order.empty()) spec.following = plan::kWithoutBound;
      return spec;
    }
    DF_RETURN_IF_ERROR(set_frame(*window.frame, place, spec));
    return spec;
  }

  // One end of a frame.
  struct Bound {
    int64_t distance = 0;  // rows or milliseconds
    ExpressionPtr value;   // of numbers
    bool ahead = false;
  };

  static Result<Bound> bound_of(FrameBound kind, const ExpressionPtr& written, bool rows) {
    Bound bound;
    switch (kind) {
      case FrameBound::kUnboundedPreceding:
      case FrameBound::kUnboundedFollowing: bound.distance = plan::kWithoutBound; return bound;
      case FrameBound::kCurrentRow: return bound;
      case FrameBound::kPreceding: break;
      case FrameBound::kFollowing: bound.ahead = true;
    }
    const bool number = written->kind == Kind::kLiteral && !written->value.is_null() &&
                        written->value.type().is_numeric();
    if (rows) {
      if (!number || !written->value.type().is_integer() || written->value.as_int() < 0) {
        return at_place(written->place, "the bound of a ROWS frame is a whole number from 0 on");
      }
      bound.distance = written->value.as_int();
    } else if (number) {
      bound.value = written;
    } else {
      DF_ASSIGN_OR_RETURN(bound.distance, milliseconds_of(written, "the bound of a RANGE frame"));
    }
    return bound;
  }

  static Status set_frame(const Frame& frame, Place place, plan::OverSpec& spec) {
    spec.unit = frame.rows ? plan::FrameUnit::kRows : plan::FrameUnit::kRange;
    if (frame.from == FrameBound::kUnboundedFollowing) {
      return at_place(place, "no frame begins with UNBOUNDED FOLLOWING");
    }
    if (frame.to == FrameBound::kUnboundedPreceding) {
      return at_place(place, "no frame ends with UNBOUNDED PRECEDING");
    }
    const bool ends_before = frame.to == FrameBound::kPreceding;
    const bool begins_ahead = frame.from == FrameBound::kFollowing;
    if ((ends_before && (begins_ahead || frame.from == FrameBound::kCurrentRow)) ||
        (begins_ahead && frame.to == FrameBound::kCurrentRow)) {
      return at_place(place, "the frame ends before it begins");
    }
    DF_ASSIGN_OR_RETURN(const Bound from, bound_of(frame.from, frame.from_offset, frame.rows));
    DF_ASSIGN_OR_RETURN(const Bound to, bound_of(frame.to, frame.to_offset, frame.rows));
    spec.preceding = from.distance;
    spec.following = to.distance;
    spec.preceding_value = from.value;
    spec.following_value = to.value;
    spec.begins_ahead = begins_ahead;
    spec.ends_before = ends_before;
    return {};
  }

  // The column that holds the value; one that is computed is put behind the others.
  std::string column_for(const ExpressionPtr& value) {
    if (value->kind == Kind::kColumn) return value->name;
    const std::string text = value->to_string();
    if (const auto known = key_names_.find(text); known != key_names_.end()) return known->second;
    keys_.push_back({new_name("$key"), value});
    key_names_[text] = keys_.back().name;
    return keys_.back().name;
  }

  std::string new_name(const std::string& wanted) {
    if (taken_.empty()) {
      for (const Field& field : rel_->schema->fields()) taken_.insert(field.name);
    }
    std::string name = free_name(wanted, taken_);
    taken_.insert(name);
    return name;
  }

  static std::string text_of(const plan::OverSpec& spec) {
    std::string text = spec.unit == plan::FrameUnit::kRows ? "rows" : "range";
    text += " " + std::to_string(spec.preceding) + " " + std::to_string(spec.following);
    text += std::string(spec.begins_ahead ? " ahead" : "") + (spec.ends_before ? " before" : "");
    for (const ExpressionPtr& value : {spec.preceding_value, spec.following_value}) {
      text += " " + (value == nullptr ? "-" : value->to_string());
    }
    for (const std::string& key : spec.keys) text += "\n" + key;
    text += "\n";
    for (const plan::OrderColumn& by : spec.order) {
      text += "\n" + by.column + (by.descending ? " d" : " a") + (by.nulls_first ? "f" : "l");
    }
    return text;
  }

  const RelPtr rel_;
  std::vector<plan::NamedExpression> keys_;
  std::map<std::string, std::string> key_names_;
  std::vector<Group> groups_;
  std::map<std::string, std::string> by_text_;
  std::set<std::string> taken_;
};

}  // namespace

bool has_over(const expr::Expression& expression) {
  return anywhere_in(expression,
                     [](const expr::Expression& part) { return over_of(part) != nullptr; });
}

Result<ExpressionPtr> resolve_all(const ExpressionPtr& expression, const Names& names,
                                  const Select& select) {
  DF_ASSIGN_OR_RETURN(const ExpressionPtr resolved, names.resolve(expression));
  return with_clauses(resolved, names, select);
}

Result<RelPtr> bind_over(const RelPtr& rel, std::vector<ExpressionPtr>& expressions) {
  OverBinder binder(rel);
  for (ExpressionPtr& expression : expressions) {
    DF_ASSIGN_OR_RETURN(expression, binder.take(expression));
  }
  return binder.build();
}

}  // namespace dataflow::sql
