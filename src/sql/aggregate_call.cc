#include "aggregate_call.h"

#include "parts.h"

namespace dataflow::sql {
namespace {

using Kind = plan::AggregateKind;

// Arguments of one row, before the parameters.
size_t values_of(const plan::AggregateFunction& function) {
  return function.kind == Kind::kJsonObjectAgg ? 2 : 1;
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

Status check_clauses(const expr::Expression& call, const Clauses& clauses, Kind kind) {
  if (!clauses.order_by.empty() || !clauses.within_group.empty()) {
    return at_place(call.place, "ORDER BY within an aggregate is not supported yet");
  }
  if (clauses.star && kind != Kind::kCount) return at_place(call.place, "only COUNT takes `*`");
  return {};
}

// PERCENTILE(x, place, frequency) is of ROW(x, frequency).
void take_frequency(const expr::Expression& call, plan::Aggregate& made) {
  if (made.parameters.size() != 2) return;
  made.argument = expr::call("ROW", {made.argument, made.parameters[1]}, call.place);
  made.parameters.pop_back();
}

}  // namespace

Result<plan::Aggregate> aggregate_call(const expr::Expression& call,
                                       const plan::AggregateFunction& function) {
  plan::Aggregate made;
  made.function = function.name;
  const Clauses* clauses = clauses_of(call);
  if (clauses != nullptr) DF_RETURN_IF_ERROR(check_clauses(call, *clauses, function.kind));
  if (clauses != nullptr && clauses->star) return made;
  const size_t values = values_of(function);
  auto [least, most] = plan::parameters_of(function);
  if (function.kind == Kind::kPercentile) most = 2;
  if (function.kind == Kind::kArrayAgg) most = 0;  // a clause says it
  const size_t given = call.arguments.size();
  if (given < values + least || given > values + most) {
    return wrong_number(call, values + least, values + most);
  }
  made.argument = values == 1
                      ? call.arguments[0]
                      : expr::call("ROW", {call.arguments[0], call.arguments[1]}, call.place);
  made.parameters.assign(call.arguments.begin() + static_cast<std::ptrdiff_t>(values),
                         call.arguments.end());
  if (function.kind == Kind::kPercentile) take_frequency(call, made);
  if (clauses != nullptr) made.distinct = clauses->distinct;
  if (function.kind == Kind::kArrayAgg && clauses != nullptr && clauses->ignore_nulls) {
    made.parameters = {expr::literal(Value::string("IGNORE NULLS"), call.place)};
  }
  const Status parameters = plan::check_parameters(function, made);
  if (parameters.ok()) return made;
  return at_place(call.arguments.back()->place, parameters.message());
}

}  // namespace dataflow::sql
