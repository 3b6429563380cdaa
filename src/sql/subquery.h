// What a subquery that stands in an expression asks for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "names.h"
#include "rel.h"
#include "sql/query.h"

namespace dataflow::sql {

// Null: it is none.
const Subquery* subquery_of(const expr::Expression& expression);

// Whether it asks that values are among those of the subquery, or that they are not; none: it asks
// something else. `= ANY` is IN, `<> ALL` is NOT IN.
std::optional<bool> asks_for_membership(const Subquery& subquery, const std::string& comparison);

// A value of IN, and what it is compared with.
struct MayBeEqual {
  ExpressionPtr value, other;
  bool value_nullable = false, other_nullable = false;
};
struct Membership {
  std::vector<MayBeEqual> pairs;

  ExpressionPtr equal(Place place) const;
  ExpressionPtr not_different(Place place) const;  // equal, or not known to be so
};
// `sub` has no names of `rel`.
Result<Membership> membership_of(const Rel& rel, const expr::Expression& call, const Relation& sub,
                                 Place query);

// One row with a column of that name, not NULL, if there is any row. It changes only with that.
Result<RelPtr> row_if_any(RelPtr rel, const std::string& name);
// One row, if the column is NULL in any.
Result<RelPtr> null_if_any(RelPtr rel, const std::string& column);

}  // namespace dataflow::sql
