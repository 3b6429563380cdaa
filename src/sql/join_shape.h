// What a join's ON says: which columns must be equal, how far apart times may be, and what is left
// to be asked of each pair.
#pragma once

#include <optional>
#include <vector>

#include "rel.h"

namespace dataflow::sql {

struct KeyPair {
  ExpressionPtr left, right;  // of one type
};

// right - left, in milliseconds.
struct TimeBounds {
  int64_t lower = 0, upper = 0;
};

// left.time >= right.time, of a join as of a time.
struct TimeOrder {
  std::string left, right;
  bool strictly = false;
};

struct JoinShape {
  std::vector<KeyPair> keys;
  // Where both sides carry event time and it is bounded on both sides.
  std::optional<TimeBounds> bounds;
  // Both sides' window_start and window_end are equal, which are none of the keys then.
  bool same_window = false;
  ExpressionPtr rest;  // null: nothing
};

// `on` over the columns of both, which have different names.
Result<JoinShape> shape_of(const Rel& left, const Rel& right, const ExpressionPtr& on);

// The one comparison of times of an ASOF join, taken out of `parts`.
Result<TimeOrder> take_time_order(const Rel& left, const Rel& right,
                                  std::vector<ExpressionPtr>& parts, Place place);

// The rows of inner joins at which all of `parts` are true, with the tables in another order than
// that of the text (join_order.cc); none where that is no better.
Result<std::optional<RelPtr>> joined_by_equality(const RelPtr& rel,
                                                 const std::vector<ExpressionPtr>& parts);

// Whose columns it reads.
bool reads_only(const expr::Expression& expression, const Schema& schema);

}  // namespace dataflow::sql
