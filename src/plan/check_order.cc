// Nodes that look at rows in an order: ranks and aggregates over the rows around one.
#include <algorithm>

#include "plan/aggregate.h"
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
  if (scope.plan().job.bounded) return {};
  if (spec.order.size() != 1 || !is_event_time(scope, spec.order.front())) {
    const std::string time = scope.input().event_time.value_or("");
    return scope.error("its order must be the event time, rising" +
                       (time.empty() ? ", and its input has none" : ", which is " + quoted(time)) +
                       "; any other order is for bounded jobs");
  }
  if (spec.following == 0) return {};
  return scope.error("its frame reaches ahead of the current row, which is for bounded jobs");
}

}  // namespace

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
  const bool by_distance = spec.preceding > 0 || spec.following > 0;
  if (spec.unit == FrameUnit::kRange && by_distance) {
    if (spec.order.size() != 1 ||
        !schema[*schema.find(spec.order.front().column)].type.is_timestamp()) {
      return scope.error("a range of time needs one order column, a timestamp");
    }
  }
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
