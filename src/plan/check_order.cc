// Nodes that look at rows in an order: ranks and aggregates over the rows around one.
#include <algorithm>
#include <cmath>

#include "plan/aggregate.h"
#include "plan/over_function.h"
#include "scope.h"

namespace dataflow::plan {
namespace {

Status check_order(const Scope& scope, std::vector<OrderColumn>& order) {
  const Schema& schema = *scope.input().schema;
  for (OrderColumn& by : order) {
    DF_RETURN_IF_ERROR(scope.column(schema, by.column, "order column"));
    const Type& type = schema[*schema.find(by.column)].type;
    if (is_ordered(type)) continue;
    return scope.error("order column " + quoted(by.column) + " is " + type.to_string() +
                       ", which has no order; cast it, or take a field of it");
  }
  return {};
}

Status check_places(const Scope& scope, const RankSpec& spec) {
  if (spec.first < 1) {
    return scope.error("first is " + std::to_string(spec.first) + "; places count from 1");
  }
  if (spec.last == 0 || spec.last >= spec.first) return {};
  return scope.error("last (" + std::to_string(spec.last) + ") is before first (" +
                     std::to_string(spec.first) + ")");
}

bool is_event_time(const Scope& scope, const OrderColumn& by) {
  return scope.input().event_time == by.column && !by.descending;
}

// Rows that are still to come may have any place in another order, and may be in any frame that
// reaches ahead.
Status check_stream(const Scope& scope, const OverSpec& spec) {
  const bool bounded = scope.plan().job.bounded;
  if (spec.time == TimeKind::kProcessing) {
    if (!bounded && spec.order.empty() && spec.following == 0 && !spec.begins_ahead &&
        !spec.ends_before) {
      return {};
    }
    return scope.error(
        "in processing time rows come in their order, which is for jobs without an end, and frames "
        "end with the current row");
  }
  if (bounded) return {};
  if (spec.order.size() != 1 || !is_event_time(scope, spec.order.front())) {
    const std::string time = scope.input().event_time.value_or("");
    return scope.error("its order must be the event time, rising" +
                       (time.empty() ? ", and its input has none" : ", which is " + quoted(time)) +
                       "; any other order is for bounded jobs");
  }
  if (spec.ends_before) {
    return scope.error("its frame ends before the current row, which is for bounded jobs");
  }
  if (spec.following == 0 && !spec.begins_ahead) return {};
  return scope.error("its frame reaches ahead of the current row, which is for bounded jobs");
}

Int128 whole_of(const Value& value) {
  return value.type().id() == TypeId::kDecimal ? value.as_decimal() : value.as_int();
}

// How far a range over numbers goes, as a value of the order column's type.
Status check_value(const Scope& scope, const Type& type, int64_t distance,
                   expr::ExpressionPtr& value) {
  if (value == nullptr) return {};
  const auto given = value->kind == expr::Kind::kLiteral && !value->value.is_null() &&
                     value->value.type().is_numeric();
  if (!given || distance != 0 || !type.is_numeric()) {
    return scope.error("a range over numbers goes so far as a number says, from 0 on");
  }
  const auto made = range_distance(*value, type, false);
  return made.ok() ? Status() : scope.error(made.status().message());
}

// Frames that go by distances have one order, which has them.
Status check_range(const Scope& scope, OverSpec& spec) {
  const Schema& schema = *scope.input().schema;
  const bool by_value = spec.preceding_value != nullptr || spec.following_value != nullptr;
  const bool by_distance = spec.preceding > 0 || spec.following > 0;
  if (!by_value && !by_distance) return {};
  if (spec.unit != FrameUnit::kRange) {
    return by_value ? scope.error("a frame of rows goes by whole numbers of them") : Status();
  }
  // There the clock says how far apart rows are.
  if (spec.time == TimeKind::kProcessing && !by_value) return {};
  if (by_value && by_distance) {
    return scope.error("one end of its range is of time, the other one a number");
  }
  const auto fits = [&](const Type& type) {
    return by_value
               ? type.is_numeric()
               : type.is_timestamp() || type.id() == TypeId::kDate || type.id() == TypeId::kTime;
  };
  if (spec.order.size() != 1 || !fits(schema[*schema.find(spec.order.front().column)].type)) {
    return scope.error(by_value ? "a range over numbers needs one order column, a number"
                                : "a range of time needs one order column, a timestamp or a date");
  }
  const Type& type = schema[*schema.find(spec.order.front().column)].type;
  DF_RETURN_IF_ERROR(check_value(scope, type, spec.preceding, spec.preceding_value));
  return check_value(scope, type, spec.following, spec.following_value);
}

}  // namespace

Result<RangeDistance> range_distance(const expr::Expression& value, const Type& column, bool up) {
  const Value& given = value.value;
  const bool floats = given.type().is_float();
  const int scale_of_value = given.type().id() == TypeId::kDecimal ? given.type().scale() : 0;
  const Int128 digits = floats ? 0 : whole_of(given);
  RangeDistance made;
  made.number =
      floats ? given.as_double()
             : static_cast<double>(digits) / static_cast<double>(power_of_ten(scale_of_value));
  if (!(made.number >= 0)) return Status::invalid("frames go so far as a number says, from 0 on");
  if (column.is_float()) return made;
  const int scale = column.id() == TypeId::kDecimal ? column.scale() : 0;
  const Int128 most = power_of_ten(kMaxDecimalPrecision);
  if (made.number * static_cast<double>(power_of_ten(scale)) >= static_cast<double>(most)) {
    made.units = most;
  } else if (floats) {
    const double units = made.number * static_cast<double>(power_of_ten(scale));
    made.units = static_cast<Int128>(up ? std::ceil(units) : std::floor(units));
  } else if (scale >= scale_of_value) {
    made.units = digits * power_of_ten(scale - scale_of_value);
  } else {
    const Int128 unit = power_of_ten(scale_of_value - scale);
    made.units = (digits + (up ? unit - 1 : 0)) / unit;
  }
  return made;
}

Status check_rank(const Scope& scope, RankSpec& spec) {
  const Schema& schema = *scope.input().schema;
  DF_RETURN_IF_ERROR(scope.keys(schema, spec.keys, "key"));
  DF_RETURN_IF_ERROR(check_order(scope, spec.order));
  DF_RETURN_IF_ERROR(check_places(scope, spec));
  DF_RETURN_IF_ERROR(scope.span(spec.ttl_ms, 0, "ttl_ms"));
  if (spec.by_window && !scope.input().event_time) {
    return scope.error("ranks rows of windows, but its input has no event time");
  }
  std::vector<Field> fields = schema.fields();
  if (!spec.number.empty()) {
    fields.push_back({spec.number, Type::int64(), false});
    DF_RETURN_IF_ERROR(scope.different_names(fields));
  }
  scope.node().schema = std::make_shared<const Schema>(std::move(fields));
  // The rows of other ranks leave when they come to stand, whatever their time.
  if (spec.by_window) scope.node().event_time = scope.input().event_time;
  return {};
}

Status check_over(const Scope& scope, OverSpec& spec) {
  const Schema& schema = *scope.input().schema;
  DF_RETURN_IF_ERROR(scope.keys(schema, spec.keys, "key"));
  DF_RETURN_IF_ERROR(check_order(scope, spec.order));
  DF_RETURN_IF_ERROR(check_stream(scope, spec));
  DF_RETURN_IF_ERROR(scope.span(spec.preceding, kWithoutBound, "preceding"));
  DF_RETURN_IF_ERROR(scope.span(spec.following, kWithoutBound, "following"));
  DF_RETURN_IF_ERROR(check_range(scope, spec));
  if (spec.aggregates.empty()) return scope.error("has no aggregates");
  std::vector<Field> fields = schema.fields();
  for (Aggregate& aggregate : spec.aggregates) {
    DF_ASSIGN_OR_RETURN(Field field, check_over_aggregate(scope, aggregate));
    fields.push_back(std::move(field));
  }
  DF_RETURN_IF_ERROR(scope.different_names(fields));
  scope.node().schema = std::make_shared<const Schema>(std::move(fields));
  scope.node().event_time = scope.input().event_time;
  return {};
}

}  // namespace dataflow::plan
