// OVERLAPS, differences of times as intervals of a kind, and AT TIME ZONE.
#include "comparison.h"
#include "expr/time_zone.h"
#include "row_time.h"
#include "text_forms.h"
#include "time_units.h"
#include "typed_function.h"

namespace dataflow::expr {

namespace {

bool is_time(const Type& type) {
  return type.id() == TypeId::kDate || type.id() == TypeId::kTime || type.is_timestamp();
}

bool is_interval(const Type& type) {
  return type.id() == TypeId::kMonths || type.id() == TypeId::kMillis;
}

Result<NodePtr> called(const char* name, Nodes arguments, const CallSite& site) {
  DF_ASSIGN_OR_RETURN(const Function* function, find_function(name, site));
  return function->bind(std::move(arguments), site);
}

struct Period {
  NodePtr begin;
  NodePtr end;
};

// The end may be how long it takes; the later of both is the end.
Result<Period> period_of(NodePtr first, NodePtr second, const CallSite& site) {
  if (is_interval(second->type())) {
    DF_ASSIGN_OR_RETURN(second, called("+", {first, second}, site));
  }
  DF_ASSIGN_OR_RETURN(NodePtr in_order,
                      make_comparison(CompareOp::kLessEqual, {first, second}, site));
  Period period;
  DF_ASSIGN_OR_RETURN(period.begin, bind_case({in_order, first, second}, site));
  DF_ASSIGN_OR_RETURN(period.end, bind_case({in_order, second, first}, site));
  return period;
}

Result<NodePtr> bind_overlaps(Nodes arguments, const CallSite& site) {
  for (size_t i = 0; i < 4; ++i) {
    const Type& type = arguments[i]->type();
    const bool fine =
        is_time(type) || type.id() == TypeId::kNull || (i % 2 == 1 && is_interval(type));
    if (!fine)
      return site.wrong_types("two pairs of times, or of a time and an interval", arguments);
  }
  DF_ASSIGN_OR_RETURN(const Period left, period_of(arguments[0], arguments[1], site));
  DF_ASSIGN_OR_RETURN(const Period right, period_of(arguments[2], arguments[3], site));
  DF_ASSIGN_OR_RETURN(NodePtr left_lasts,
                      make_comparison(CompareOp::kGreaterEqual, {left.end, right.begin}, site));
  DF_ASSIGN_OR_RETURN(NodePtr right_lasts,
                      make_comparison(CompareOp::kGreaterEqual, {right.end, left.begin}, site));
  return make_and({std::move(left_lasts), std::move(right_lasts)});
}

Result<NodePtr> bind_difference(Nodes arguments, const CallSite& site) {
  const Value* name = arguments[0]->literal();
  const bool text = name != nullptr && !name->is_null() && name->type().id() == TypeId::kString;
  const auto unit = text ? parse_time_unit(name->as_text()) : std::nullopt;
  if (!unit) return site.fail("its unit is a constant text");
  NodePtr left = arguments[1];
  NodePtr right = arguments[2];
  if (months_of(*unit) > 0) {
    DF_ASSIGN_OR_RETURN(
        NodePtr months,
        called("TIMESTAMPDIFF", {make_literal(Value::string("MONTH")), right, left}, site));
    return called("*", {make_literal(Value::integer(Type::months(), 1)), std::move(months)}, site);
  }
  if (left->type().id() == TypeId::kTime && right->type().id() == TypeId::kTime) {
    DF_ASSIGN_OR_RETURN(left, coerced(left, Type::time(3), site));
    DF_ASSIGN_OR_RETURN(right, coerced(right, Type::time(3), site));
    return make_row_function<int64_t, int32_t, int32_t>(
        Type::millis(), {left, right}, [](Row&, int32_t a, int32_t b) { return int64_t{a} - b; });
  }
  DF_ASSIGN_OR_RETURN(NodePtr difference, called("-", {left, right}, site));
  if (difference->type().id() == TypeId::kMillis && !is_interval(left->type())) return difference;
  return site.wrong_types("two times, or two dates", {left, right});
}

int64_t in_zone(const TimeZone& zone, bool to_moment, int64_t micros) {
  return to_moment ? zone.to_moment(micros) : zone.to_local(micros);
}

// What a clock of the zone shows becomes the moment, and a moment what that clock shows.
Result<NodePtr> bind_at_time_zone(Nodes arguments, const CallSite& site) {
  const Type from = arguments[0]->type();
  const TypeId zone_type = arguments[1]->type().id();
  const bool none = from.id() == TypeId::kNull || zone_type == TypeId::kNull;
  if ((!from.is_timestamp() && from.id() != TypeId::kNull) ||
      (zone_type != TypeId::kString && zone_type != TypeId::kNull)) {
    return site.wrong_types("a TIMESTAMP or TIMESTAMP_LTZ, and the text of a zone", arguments);
  }
  const bool to_moment = from.id() == TypeId::kTimestamp;
  const Type to =
      to_moment ? Type::timestamp_tz(from.precision()) : Type::timestamp(from.precision());
  if (none) return make_literal(Value::null(to));
  if (const Value* constant = arguments[1]->literal();
      constant != nullptr && !constant->is_null()) {
    const auto zone = find_time_zone(std::string(constant->as_text()));
    if (!zone.ok()) return site.fail(zone.status().message());
    arguments.pop_back();
    return make_row_function<int64_t, int64_t>(
        to, std::move(arguments), [=, zone = *zone](Row& row, int64_t value) {
          return from_micros(to, in_zone(*zone, to_moment, micros_of(row, from, value)));
        });
  }
  return make_row_function<int64_t, int64_t, std::string_view>(
      to, std::move(arguments), [=](Row& row, int64_t value, std::string_view name) {
        const auto zone = find_time_zone(std::string(name));
        if (zone.ok()) {
          return from_micros(to, in_zone(**zone, to_moment, micros_of(row, from, value)));
        }
        row.fail([&] { return std::string(zone.status().message()); });
        return int64_t{0};
      });
}

void add(FunctionList& list, const char* name, const char* signature, const char* help,
         size_t count, Binder bind) {
  list.push_back({{name, signature, help, "time"}, count, count, std::move(bind)});
}

}  // namespace

void add_periods(FunctionList& list) {
  add(list, "OVERLAPS", "(time, time) OVERLAPS (time, interval)",
      "Whether both have a moment in common, ends included; each is from a time to another, or for "
      "an interval.",
      4, bind_overlaps);
  add(list, "DIFFERENCE", "(time - time) unit",
      "The interval between both: of months behind MONTH, QUARTER and YEAR, else of time.", 3,
      bind_difference);
  add(list, "AT TIME ZONE", "time AT TIME ZONE zone",
      "Of a TIMESTAMP the moment at which that zone's clock shows it; of a TIMESTAMP_LTZ what that "
      "clock shows.",
      2, bind_at_time_zone);
}

}  // namespace dataflow::expr
