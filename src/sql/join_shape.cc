#include "join_shape.h"

#include <algorithm>

#include "expr/bound.h"
#include "names.h"
#include "plan/aggregate.h"

namespace dataflow::sql {
namespace {

using expr::Kind;

constexpr int kMillisPrecision = 3;

bool is_call(const ExpressionPtr& expression, std::string_view name) {
  return expression->kind == Kind::kCall && expression->name == name;
}

const Field* field_of(const ExpressionPtr& expression, const Schema& schema) {
  if (expression->kind != Kind::kColumn) return nullptr;
  const auto found = schema.find(expression->name);
  return found ? &schema[*found] : nullptr;
}

// The type in which two values are compared; none if they are not.
std::optional<Type> common_type(const Type& left, const Type& right) {
  if (left == right) return left;
  expr::Expression choice;
  choice.kind = Kind::kCase;
  choice.arguments = {expr::literal(Value::boolean(true)), expr::column("l"), expr::column("r")};
  const Schema schema({{"l", left}, {"r", right}});
  const auto bound = expr::bind(std::make_shared<const expr::Expression>(choice), schema);
  if (!bound.ok()) return std::nullopt;
  return (*bound)->type();
}

ExpressionPtr as_type(const ExpressionPtr& expression, const Type& is, const Type& wanted) {
  return is == wanted ? expression : expr::cast(expression, wanted, expression->place);
}

// `a = b` with one side of each input.
Result<std::optional<KeyPair>> key_pair(const Rel& left, const Rel& right,
                                        const ExpressionPtr& part) {
  if (!is_call(part, "=")) return std::optional<KeyPair>();
  ExpressionPtr a = part->arguments[0], b = part->arguments[1];
  if (reads_only(*a, *right.schema) && reads_only(*b, *left.schema)) std::swap(a, b);
  if (!reads_only(*a, *left.schema) || !reads_only(*b, *right.schema)) {
    return std::optional<KeyPair>();
  }
  DF_ASSIGN_OR_RETURN(const expr::BoundPtr of_left, expr::bind(a, *left.schema));
  DF_ASSIGN_OR_RETURN(const expr::BoundPtr of_right, expr::bind(b, *right.schema));
  const std::optional<Type> type = common_type(of_left->type(), of_right->type());
  if (!type || !plan::is_groupable(*type)) return std::optional<KeyPair>();
  return std::optional(
      KeyPair{as_type(a, of_left->type(), *type), as_type(b, of_right->type(), *type)});
}

// A time column and how far it is shifted.
struct Shifted {
  std::string column;
  int64_t ms = 0;
};

std::optional<int64_t> interval_of(const ExpressionPtr& expression) {
  if (expression->kind != Kind::kLiteral || expression->value.is_null() ||
      expression->value.type().id() != TypeId::kMillis) {
    return std::nullopt;
  }
  return expression->value.as_int();
}

std::optional<Shifted> shifted(const ExpressionPtr& expression) {
  if (expression->kind == Kind::kColumn) return Shifted{expression->name, 0};
  const bool plus = is_call(expression, "+");
  if ((!plus && !is_call(expression, "-")) || expression->arguments.size() != 2) {
    return std::nullopt;
  }
  for (const size_t at : {size_t{0}, size_t{1}}) {
    std::optional<Shifted> inner = shifted(expression->arguments[at]);
    const std::optional<int64_t> by = interval_of(expression->arguments[1 - at]);
    if (!inner || !by || (at == 1 && !plus)) continue;
    inner->ms += plus ? *by : -*by;
    return inner;
  }
  return std::nullopt;
}

// What is known of right - left so far.
struct OpenBounds {
  std::optional<int64_t> lower, upper;

  void at_least(int64_t ms) { lower = lower ? std::max(*lower, ms) : ms; }
  void at_most(int64_t ms) { upper = upper ? std::min(*upper, ms) : ms; }
};

// Takes `a op b` of the two event times; false if it is no such thing.
bool take_bound(const Rel& left, const Rel& right, const std::string& op, const ExpressionPtr& a,
                const ExpressionPtr& b, OpenBounds& bounds) {
  const std::optional<Shifted> x = shifted(a), y = shifted(b);
  if (!x || !y || !left.event_time || !right.event_time) return false;
  const bool straight = x->column == *left.event_time && y->column == *right.event_time;
  const bool turned = x->column == *right.event_time && y->column == *left.event_time;
  if (!straight && !turned) return false;
  // left + x op right + y: right - left against x - y, or the other way round.
  const bool less = op == "<" || op == "<=";
  const int64_t strict = op == "<" || op == ">" ? 1 : 0;
  const int64_t ms = straight ? x->ms - y->ms : y->ms - x->ms;
  if (op == "=") {
    bounds.at_least(ms);
    bounds.at_most(ms);
  } else if (less == straight) {
    bounds.at_least(ms + strict);
  } else {
    bounds.at_most(ms - strict);
  }
  return true;
}

bool take_bounds(const Rel& left, const Rel& right, const ExpressionPtr& part, OpenBounds& bounds) {
  if (part->kind != Kind::kCall) return false;
  if (part->name == "BETWEEN" && part->arguments.size() == 3) {
    OpenBounds both = bounds;
    if (!take_bound(left, right, ">=", part->arguments[0], part->arguments[1], both) ||
        !take_bound(left, right, "<=", part->arguments[0], part->arguments[2], both)) {
      return false;
    }
    bounds = both;
    return true;
  }
  for (const std::string_view op : {"<", "<=", ">", ">=", "="}) {
    if (part->name != op) continue;
    return take_bound(left, right, part->name, part->arguments[0], part->arguments[1], bounds);
  }
  return false;
}

bool is_time_of_millis(const Rel& rel) {
  const Field& field = (*rel.schema)[*rel.schema->find(*rel.event_time)];
  return field.type.precision() <= kMillisPrecision;
}

// Two rowtimes of one kind: what is a time in one zone is none in the other.
bool same_clock(const Rel& left, const Rel& right) {
  const auto id = [](const Rel& rel) {
    return (*rel.schema)[*rel.schema->find(*rel.event_time)].type.id();
  };
  return id(left) == id(right);
}

struct WindowPairs {
  bool start = false, end = false;
};

bool take_window_pair(const Rel& left, const Rel& right, const KeyPair& pair, WindowPairs& found) {
  if (!left.window || !right.window || pair.left->kind != Kind::kColumn ||
      pair.right->kind != Kind::kColumn) {
    return false;
  }
  const std::string &a = pair.left->name, &b = pair.right->name;
  const bool start = a == left.window->start && b == right.window->start;
  const bool end = a == left.window->end && b == right.window->end;
  found.start |= start;
  found.end |= end;
  return start || end;
}

bool has_window_time(const Rel& rel) {
  return rel.window && !rel.window->time.empty() && rel.event_time == rel.window->time;
}

}  // namespace

bool reads_only(const expr::Expression& expression, const Schema& schema) {
  const std::vector<std::string> columns = expr::columns_of(expression);
  return !columns.empty() && std::ranges::all_of(columns, [&](const std::string& name) {
    return schema.find(name).has_value();
  });
}

Result<JoinShape> shape_of(const Rel& left, const Rel& right, const ExpressionPtr& on) {
  JoinShape shape;
  OpenBounds bounds;
  WindowPairs windows;
  std::vector<ExpressionPtr> times;
  std::vector<KeyPair> of_window;
  const bool timed = left.event_time && right.event_time && same_clock(left, right);
  for (const ExpressionPtr& part : conjuncts_of(on)) {
    if (timed && take_bounds(left, right, part, bounds)) {
      times.push_back(part);
      continue;
    }
    DF_ASSIGN_OR_RETURN(std::optional<KeyPair> pair, key_pair(left, right, part));
    if (!pair) {
      shape.rest = both(shape.rest, part);
    } else if (take_window_pair(left, right, *pair, windows)) {
      of_window.push_back(std::move(*pair));
    } else {
      shape.keys.push_back(std::move(*pair));
    }
  }
  shape.same_window =
      windows.start && windows.end && has_window_time(left) && has_window_time(right);
  if (!shape.same_window) {
    shape.keys.insert(shape.keys.begin(), of_window.begin(), of_window.end());
  }
  const bool bounded = bounds.lower && bounds.upper && !shape.keys.empty() && !shape.same_window;
  if (bounded && *bounds.lower <= *bounds.upper) {
    shape.bounds = TimeBounds{*bounds.lower, *bounds.upper};
    if (is_time_of_millis(left) && is_time_of_millis(right)) times.clear();
  }
  for (const ExpressionPtr& part : times) {
    DF_ASSIGN_OR_RETURN(std::optional<KeyPair> pair, key_pair(left, right, part));
    if (pair && !shape.bounds) {
      shape.keys.push_back(std::move(*pair));
    } else {
      shape.rest = both(shape.rest, part);
    }
  }
  return shape;
}

Result<TimeOrder> take_time_order(const Rel& left, const Rel& right,
                                  std::vector<ExpressionPtr>& parts, Place place) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const ExpressionPtr& part = parts[i];
    if (part->kind != Kind::kCall || part->arguments.size() != 2) continue;
    const bool greater = part->name == ">" || part->name == ">=";
    const bool less = part->name == "<" || part->name == "<=";
    if (!greater && !less) continue;
    const ExpressionPtr& later = part->arguments[greater ? 0 : 1];
    const ExpressionPtr& earlier = part->arguments[greater ? 1 : 0];
    const Field* of_left = field_of(later, *left.schema);
    const Field* of_right = field_of(earlier, *right.schema);
    if (of_left == nullptr || of_right == nullptr) continue;
    TimeOrder made{of_left->name, of_right->name, part->name.size() == 1};
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i));
    return made;
  }
  return at_place(place,
                  "an ASOF JOIN compares two times, MATCH_CONDITION (left.ts >= right.ts): each "
                  "left row meets the latest right row that is not later");
}

}  // namespace dataflow::sql
