#include "aggregate_call.h"

#include "parts.h"

namespace dataflow::sql {
namespace {

using Kind = plan::AggregateKind;

// Arguments of one row, before the parameters.
size_t values_of(const plan::AggregateFunction& function) {
  return function.kind == Kind::kJsonObjectAgg || plan::is_of_pairs(function) ? 2 : 1;
}

std::string in_words(size_t count) {
  static constexpr const char* kWords[] = {"no arguments", "one argument", "two arguments",
                                           "three arguments"};
  return kWords[count];
}

Status wrong_number(const expr::Expression& call, size_t least, size_t most) {
  return at_place(call.place, call.name + " takes " +
                                  (least == most ? in_words(least)
                                                 : in_words(least) + " to " + in_words(most)) +
                                  ", here are " + std::to_string(call.arguments.size()));
}

// The order that stands in the call or behind it.
const std::vector<OrderItem>& order_of(const Clauses* clauses) {
  static const std::vector<OrderItem> kNone;
  if (clauses == nullptr) return kNone;
  return clauses->within_group.empty() ? clauses->order_by : clauses->within_group;
}

bool is_of_place(Kind kind) { return kind == Kind::kPercentile || kind == Kind::kPercentileDisc; }

// WITHIN GROUP (ORDER BY x) says what these are of.
bool takes_from_order(const expr::Expression& call, const Clauses* clauses, Kind kind) {
  if (clauses == nullptr || clauses->within_group.empty()) return false;
  return (is_of_place(kind) && call.arguments.size() == 1) ||
         (kind == Kind::kMode && call.arguments.empty());
}

Status check_clauses(const expr::Expression& call, const Clauses& clauses,
                     const plan::AggregateFunction& function) {
  const Kind kind = function.kind;
  if (clauses.star && kind != Kind::kCount) return at_place(call.place, "only COUNT takes `*`");
  const std::vector<OrderItem>& order = order_of(&clauses);
  if (order.empty()) return {};
  const Place place = order[0].expression->place;
  if (!clauses.within_group.empty()) {
    if (!clauses.order_by.empty()) return at_place(place, "the values have an order already");
    const bool from_order = takes_from_order(call, &clauses, kind);
    if (from_order && order.size() > 1) {
      return at_place(order[1].expression->place, call.name + " is of one value");
    }
    if (from_order || kind == Kind::kListAgg) return {};
    return at_place(place, call.name + " takes no WITHIN GROUP; it is written " +
                               std::string(function.signature));
  }
  if (kind == Kind::kFirstValue || kind == Kind::kLastValue || kind == Kind::kJsonObjectAgg) {
    return at_place(place, call.name + " takes rows as they come, and no ORDER BY");
  }
  return {};
}

// The argument with what it is put in order by. Sums and the like do not ask for the order.
void take_order(const std::vector<OrderItem>& order, const plan::AggregateFunction& function,
                plan::Aggregate& made) {
  if (order.empty() || !plan::is_of_order(function)) return;
  std::vector<ExpressionPtr> fields = {made.argument};
  for (const OrderItem& item : order) {
    fields.push_back(item.expression);
    // NULL is the least value, as in Flink.
    const bool first =
        item.nulls == NullsOrder::kUsual ? !item.descending : item.nulls == NullsOrder::kFirst;
    made.order.push_back({item.descending, first});
  }
  made.argument = expr::call("ROW", std::move(fields), made.argument->place);
}

// From the greatest value down, a place is as far from the other end.
Status turn_places(plan::Aggregate& made) {
  DF_ASSIGN_OR_RETURN(const plan::Places places, plan::places_of(made));
  const Place place = made.parameters[0]->place;
  std::vector<ExpressionPtr> turned;
  for (const double at : places.of) {
    turned.push_back(expr::literal(Value::float64(1 - at), place));
  }
  made.parameters[0] =
      places.is_array ? expr::call("ARRAY", std::move(turned), place) : std::move(turned[0]);
  return {};
}

// PERCENTILE(x, place, frequency) is of ROW(x, frequency).
void take_frequency(const expr::Expression& call, plan::Aggregate& made) {
  if (made.parameters.size() != 2) return;
  made.argument = expr::call("ROW", {made.argument, made.parameters[1]}, call.place);
  made.parameters.pop_back();
}

}  // namespace

namespace {

// How many arguments there may be, with what stands behind the values.
Status check_count(const expr::Expression& call, const plan::AggregateFunction& function,
                   size_t values) {
  auto [least, most] = plan::parameters_of(function);
  if (function.kind == Kind::kPercentile) most = 2;
  if (function.kind == Kind::kArrayAgg) most = 0;  // a clause says it
  const size_t given = call.arguments.size();
  if (given >= values + least && given <= values + most) return {};
  return wrong_number(call, values + least, values + most);
}

Result<plan::Aggregate> with_order(const expr::Expression& call, const Clauses* clauses,
                                   const plan::AggregateFunction& function, plan::Aggregate made) {
  const std::vector<OrderItem>& order = order_of(clauses);
  const bool from_order = takes_from_order(call, clauses, function.kind);
  if (from_order && order[0].descending && function.kind == Kind::kPercentile) {
    const Status turned = turn_places(made);
    if (!turned.ok()) return at_place(call.arguments.back()->place, turned.message());
  }
  // PERCENTILE_DISC(x, place) has an order of its own.
  if (from_order || function.kind != Kind::kPercentileDisc) take_order(order, function, made);
  const Status parameters = plan::check_parameters(function, made);
  if (parameters.ok()) return made;
  return at_place(call.arguments.empty() ? call.place : call.arguments.back()->place,
                  parameters.message());
}

}  // namespace

Result<plan::Aggregate> aggregate_call(const expr::Expression& call,
                                       const plan::AggregateFunction& function) {
  plan::Aggregate made;
  made.function = function.name;
  const Clauses* clauses = clauses_of(call);
  if (clauses != nullptr) DF_RETURN_IF_ERROR(check_clauses(call, *clauses, function));
  if (clauses != nullptr && clauses->star) return made;
  const bool from_order = takes_from_order(call, clauses, function.kind);
  const size_t values = from_order ? 0 : values_of(function);
  DF_RETURN_IF_ERROR(check_count(call, function, values));
  if (from_order) {
    made.argument = order_of(clauses)[0].expression;
  } else {
    made.argument = values == 1
                        ? call.arguments[0]
                        : expr::call("ROW", {call.arguments[0], call.arguments[1]}, call.place);
  }
  made.parameters.assign(call.arguments.begin() + static_cast<std::ptrdiff_t>(values),
                         call.arguments.end());
  if (function.kind == Kind::kPercentile) take_frequency(call, made);
  if (clauses != nullptr) made.distinct = clauses->distinct;
  if (function.kind == Kind::kArrayAgg && clauses != nullptr && clauses->ignore_nulls) {
    made.parameters = {expr::literal(Value::string("IGNORE NULLS"), call.place)};
  }
  return with_order(call, clauses, function, std::move(made));
}

}  // namespace dataflow::sql
