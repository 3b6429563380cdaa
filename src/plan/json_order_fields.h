// Those of json_fields.h that are of rows in an order.
#pragma once

#include <concepts>
#include <type_traits>

#include "plan/plan.h"

namespace dataflow::plan {

template <class S, class T>
concept Part = std::same_as<std::remove_const_t<S>, T>;

template <class A, Part<OrderColumn> S>
void describe(A& a, S& s) {
  a.required("column", s.column);
  a.field("descending", s.descending);
  a.field("nulls_first", s.nulls_first);
}

template <class A, Part<RankSpec> S>
void describe(A& a, S& s) {
  a.field("keys", s.keys);
  a.field("order", s.order);
  a.field("first", s.first);
  a.field("last", s.last);
  a.field("number", s.number);
  a.field("by_window", s.by_window);
  a.field("ttl_ms", s.ttl_ms);
}

template <class A, Part<OverSpec> S>
void describe(A& a, S& s) {
  a.field("keys", s.keys);
  a.required("order", s.order);
  a.field("time", s.time);
  a.required("unit", s.unit);
  a.field("preceding", s.preceding);
  a.field("following", s.following);
  a.field("begins_ahead", s.begins_ahead);
  a.field("ends_before", s.ends_before);
  a.field("preceding_value", s.preceding_value);
  a.field("following_value", s.following_value);
  a.required("aggregates", s.aggregates);
}

}  // namespace dataflow::plan
