// Conditions of WHERE go where they belong: into joins and in front of them, and a condition on a
// ROW_NUMBER makes a rank of it.
#include <algorithm>
#include <optional>

#include "join_shape.h"
#include "names.h"
#include "rel.h"

namespace dataflow::sql {
namespace {

using expr::Kind;
using plan::JoinKind;

Result<RelPtr> with_filter(RelPtr rel, const std::vector<ExpressionPtr>& parts) {
  ExpressionPtr all;
  for (const ExpressionPtr& part : parts) all = both(all, part);
  if (all == nullptr) return rel;
  return make_filter(std::move(rel), std::move(all));
}

// ---- joins

// By its `on` alone.
bool can_be_made_again(const JoinRel& join) {
  if (std::holds_alternative<plan::TemporalJoinSpec>(join.spec)) return false;
  const auto* regular = std::get_if<plan::JoinSpec>(&join.spec);
  return regular == nullptr || !regular->nulls_match;
}

Result<RelPtr> filtered_join(const RelPtr& rel, const JoinRel& join,
                             const std::vector<ExpressionPtr>& parts) {
  DF_ASSIGN_OR_RETURN(std::optional<RelPtr> ordered, joined_by_equality(rel, parts));
  if (ordered) return std::move(*ordered);
  const bool inner = join.kind == JoinKind::kInner;
  const bool to_left = inner || join.kind == JoinKind::kLeft || join.kind == JoinKind::kSemi ||
                       join.kind == JoinKind::kAnti;
  const bool to_right = inner || join.kind == JoinKind::kRight;
  std::vector<ExpressionPtr> left, right, above;
  ExpressionPtr on = join.on;
  for (const ExpressionPtr& part : parts) {
    const std::vector<std::string> columns = expr::columns_of(*part);
    const bool of_inputs = std::ranges::all_of(columns, [&](const std::string& name) {
      return join.left->schema->find(name) || join.right->schema->find(name);
    });
    if (columns.empty() || !of_inputs) {
      above.push_back(part);
    } else if (reads_only(*part, *join.left->schema)) {
      (to_left ? left : above).push_back(part);
    } else if (reads_only(*part, *join.right->schema)) {
      (to_right ? right : above).push_back(part);
    } else if (inner) {
      on = both(on, part);
    } else {
      above.push_back(part);
    }
  }
  if (above.size() == parts.size()) return with_filter(rel, parts);
  DF_ASSIGN_OR_RETURN(RelPtr new_left, filtered(join.left, left));
  DF_ASSIGN_OR_RETURN(RelPtr new_right, filtered(join.right, right));
  DF_ASSIGN_OR_RETURN(RelPtr made, make_join(std::move(new_left), std::move(new_right), join.kind,
                                             std::move(on), rel->place));
  return with_filter(std::move(made), above);
}

// ---- elements

// What is asked of the rows alone is asked before there are many of each.
Result<RelPtr> filtered_unnest(const RelPtr& rel, const UnnestRel& unnest,
                               const std::vector<ExpressionPtr>& parts) {
  std::vector<ExpressionPtr> below, above;
  for (const ExpressionPtr& part : parts) {
    const bool of_rows =
        !expr::columns_of(*part).empty() && reads_only(*part, *rel->input()->schema);
    (of_rows ? below : above).push_back(part);
  }
  if (below.empty()) return with_filter(rel, parts);
  DF_ASSIGN_OR_RETURN(RelPtr input, filtered(rel->input(), below));
  DF_ASSIGN_OR_RETURN(RelPtr made, make_unnest(std::move(input), unnest, rel->place));
  return with_filter(std::move(made), above);
}

// ---- ranks

// A ROW_NUMBER column below some projections.
struct Numbered {
  std::vector<const Rel*> projections;  // from the top
  RelPtr over;
  std::string column;  // as the top calls it
};

std::optional<Numbered> find_number(const RelPtr& rel) {
  Numbered found;
  RelPtr at = rel;
  while (at->as<ProjectRel>() != nullptr) {
    found.projections.push_back(at.get());
    at = at->input();
  }
  const auto* over = at->as<OverRel>();
  if (over == nullptr || over->spec.aggregates.size() != 1 ||
      over->spec.aggregates[0].function != "ROW_NUMBER") {
    return std::nullopt;
  }
  found.over = at;
  found.column = over->spec.aggregates[0].name;
  for (auto it = found.projections.rbegin(); it != found.projections.rend(); ++it) {
    const auto& columns = (*it)->as<ProjectRel>()->columns;
    const auto kept = std::ranges::find_if(columns, [&](const plan::NamedExpression& column) {
      return column.expression->kind == Kind::kColumn && column.expression->name == found.column;
    });
    if (kept == columns.end()) return std::nullopt;
    found.column = kept->name;
  }
  return found;
}

struct Places {
  int64_t first = 1;
  std::optional<int64_t> last;

  void at_least(int64_t place) { first = std::max(first, place); }
  void at_most(int64_t place) { last = last ? std::min(*last, place) : place; }
};

std::optional<int64_t> whole_number(const ExpressionPtr& expression) {
  if (expression->kind != Kind::kLiteral || expression->value.is_null() ||
      !expression->value.type().is_integer()) {
    return std::nullopt;
  }
  return expression->value.as_int();
}

// Takes `number op literal`, either way round.
bool take_place(const ExpressionPtr& part, const std::string& number, Places& places) {
  if (part->kind != Kind::kCall) return false;
  const auto& arguments = part->arguments;
  const auto is_number = [&](const ExpressionPtr& expression) {
    return expression->kind == Kind::kColumn && expression->name == number;
  };
  if (part->name == "BETWEEN" && arguments.size() == 3 && is_number(arguments[0])) {
    const auto from = whole_number(arguments[1]), to = whole_number(arguments[2]);
    if (!from || !to) return false;
    places.at_least(*from);
    places.at_most(*to);
    return true;
  }
  if (arguments.size() != 2) return false;
  const bool straight = is_number(arguments[0]);
  if (!straight && !is_number(arguments[1])) return false;
  const auto value = whole_number(arguments[straight ? 1 : 0]);
  if (!value || *value == INT64_MIN || *value == INT64_MAX) return false;
  std::string op = part->name;
  if (!straight && op[0] == '<') {
    op[0] = '>';
  } else if (!straight && op[0] == '>') {
    op[0] = '<';
  }
  if (op == "=") {
    places.at_least(*value);
    places.at_most(*value);
  } else if (op == "<" || op == "<=") {
    places.at_most(op == "<" ? *value - 1 : *value);
  } else if (op == ">" || op == ">=") {
    places.at_least(op == ">" ? *value + 1 : *value);
  } else {
    return false;
  }
  return true;
}

bool ranks_within_window(const Rel& input, const std::vector<std::string>& keys) {
  if (!input.window || input.window->time.empty() || input.event_time != input.window->time) {
    return false;
  }
  const auto has = [&](const std::string& name) {
    return std::ranges::find(keys, name) != keys.end();
  };
  return has(input.window->start) && has(input.window->end);
}

// None where no condition says up to which place.
Result<std::optional<RelPtr>> as_rank(const RelPtr& rel, std::vector<ExpressionPtr>& parts) {
  const std::optional<Numbered> numbered = find_number(rel);
  if (!numbered) return std::optional<RelPtr>();
  Places places;
  std::vector<ExpressionPtr> rest;
  for (const ExpressionPtr& part : parts) {
    if (!take_place(part, numbered->column, places)) rest.push_back(part);
  }
  if (!places.last || *places.last < places.first) return std::optional<RelPtr>();
  const plan::OverSpec& over = numbered->over->as<OverRel>()->spec;
  plan::RankSpec spec;
  spec.keys = over.keys;
  spec.order = over.order;
  spec.first = places.first;
  spec.last = *places.last;
  spec.number = over.aggregates[0].name;
  spec.by_window = ranks_within_window(*numbered->over->input(), spec.keys);
  DF_ASSIGN_OR_RETURN(RelPtr made,
                      make_rank(numbered->over->input(), std::move(spec), numbered->over->place));
  for (auto it = numbered->projections.rbegin(); it != numbered->projections.rend(); ++it) {
    // Event time that a projection kept for itself is there no more.
    std::vector<plan::NamedExpression> columns;
    for (const plan::NamedExpression& column : (*it)->as<ProjectRel>()->columns) {
      const bool lost = column.name.starts_with(kHiddenTime) && (*it)->event_time == column.name &&
                        !made->event_time;
      if (!lost) columns.push_back(column);
    }
    DF_ASSIGN_OR_RETURN(made, make_project(std::move(made), std::move(columns)));
  }
  parts = std::move(rest);
  return std::optional(std::move(made));
}

}  // namespace

Result<RelPtr> filtered(RelPtr rel, std::vector<ExpressionPtr> parts) {
  if (parts.empty()) return rel;
  if (const auto* join = rel->as<JoinRel>(); join != nullptr && can_be_made_again(*join)) {
    return filtered_join(rel, *join, parts);
  }
  if (const auto* unnest = rel->as<UnnestRel>()) return filtered_unnest(rel, *unnest, parts);
  DF_ASSIGN_OR_RETURN(std::optional<RelPtr> rank, as_rank(rel, parts));
  return with_filter(rank ? std::move(*rank) : std::move(rel), parts);
}

}  // namespace dataflow::sql
