// Joins: what ON says decides which join of the plan it is.
#include <algorithm>

#include "join_shape.h"
#include "names.h"
#include "rel.h"

namespace dataflow::sql {
namespace {

using plan::JoinKind;

bool only_left(JoinKind kind) { return kind == JoinKind::kSemi || kind == JoinKind::kAnti; }

void append(std::vector<Field>& fields, const Schema& schema, bool may_miss) {
  for (Field field : schema.fields()) {
    field.nullable |= may_miss;
    fields.push_back(std::move(field));
  }
}

SchemaPtr joined(const Schema& left, const Schema& right, JoinKind kind,
                 std::vector<Field> fields = {}) {
  append(fields, left, kind == JoinKind::kRight || kind == JoinKind::kFull);
  if (!only_left(kind)) {
    append(fields, right, kind == JoinKind::kLeft || kind == JoinKind::kFull);
  }
  return std::make_shared<const Schema>(std::move(fields));
}

// What is compared, as columns of a side; each is named once.
Result<RelPtr> with_keys(const RelPtr& side, const std::vector<ExpressionPtr>& keys,
                         std::set<std::string>& taken, std::vector<std::string>& names) {
  std::vector<plan::NamedExpression> columns = all_columns(*side->schema);
  const size_t before = columns.size();
  for (const ExpressionPtr& key : keys) {
    const bool bare =
        key->kind == expr::Kind::kColumn && std::ranges::find(names, key->name) == names.end();
    if (bare) {
      names.push_back(key->name);
      continue;
    }
    const std::string name = free_name("$key", taken);
    taken.insert(name);
    columns.push_back({name, key});
    names.push_back(name);
  }
  if (columns.size() == before) return side;
  return make_project(side, std::move(columns));
}

struct Sides {
  RelPtr left, right;
  std::vector<std::string> left_keys, right_keys;
};

Result<Sides> sides_of(const RelPtr& left, const RelPtr& right, const std::vector<KeyPair>& keys) {
  std::set<std::string> taken;
  for (const RelPtr& side : {left, right}) {
    for (const Field& field : side->schema->fields()) taken.insert(field.name);
  }
  std::vector<ExpressionPtr> of_left, of_right;
  for (const KeyPair& pair : keys) {
    of_left.push_back(pair.left);
    of_right.push_back(pair.right);
  }
  Sides made;
  DF_ASSIGN_OR_RETURN(made.left, with_keys(left, of_left, taken, made.left_keys));
  DF_ASSIGN_OR_RETURN(made.right, with_keys(right, of_right, taken, made.right_keys));
  return made;
}

Rel join_rel(const Sides& sides, JoinKind kind, const RelPtr& left, const RelPtr& right,
             ExpressionPtr on, plan::Spec spec, Place place) {
  Rel rel;
  rel.inputs = {sides.left, sides.right};
  rel.schema = joined(*sides.left->schema, *sides.right->schema, kind);
  rel.place = place;
  rel.what = JoinRel{kind, left, right, std::move(on), std::move(spec)};
  return rel;
}

// Rows with equal windows are in one tumbling window of a millisecond, the windows' last one.
Result<RelPtr> window_join(Sides sides, Rel rel, JoinShape shape, JoinKind kind) {
  if (shape.rest != nullptr && kind != JoinKind::kInner) {
    return at_place(shape.rest->place,
                    "a join of windows that is not inner compares window_start, window_end and "
                    "columns of both sides by =, and nothing else");
  }
  plan::WindowJoinSpec spec;
  spec.kind = kind;
  const WindowColumns &left = *sides.left->window, &right = *sides.right->window;
  spec.left_keys = {left.start, left.end};
  spec.right_keys = {right.start, right.end};
  spec.left_keys.insert(spec.left_keys.end(), sides.left_keys.begin(), sides.left_keys.end());
  spec.right_keys.insert(spec.right_keys.end(), sides.right_keys.begin(), sides.right_keys.end());
  spec.left_time = left.time;
  spec.right_time = right.time;
  spec.size_ms = 1;
  const Schema& schema = *sides.left->schema;
  rel.schema = joined(schema, *sides.right->schema, kind,
                      {{"window_start", Type::timestamp(3), false},
                       {"window_end", Type::timestamp(3), false},
                       {"window_time", schema[*schema.find(left.time)].type, false}});
  rel.event_time = "window_time";
  if (kind != JoinKind::kRight && kind != JoinKind::kFull) {
    rel.window = WindowColumns{left.start, left.end, "window_time", true};
  } else if (kind == JoinKind::kRight) {
    rel.window = WindowColumns{right.start, right.end, "window_time", true};
  }
  std::get<JoinRel>(rel.what).spec = std::move(spec);
  RelPtr made = std::make_shared<const Rel>(std::move(rel));
  if (shape.rest == nullptr) return made;
  return make_filter(std::move(made), std::move(shape.rest));
}

const expr::Expression& without_casts(const expr::Expression& expression) {
  return expression.kind == expr::Kind::kCast ? without_casts(*expression.arguments[0])
                                              : expression;
}

// As the table has it, whose rows come through.
const std::vector<std::string>& declared_key(const Rel& rel) {
  return rel.as<UpsertRel>() != nullptr ? rel.key : declared_key(*rel.input());
}

// Versions are those of one row: a left row meets one of them, whatever else is compared.
Status check_key(const Rel& right, const std::vector<KeyPair>& pairs, Place place) {
  for (size_t i = 0; i < right.key.size(); ++i) {
    const bool compared = std::ranges::any_of(pairs, [&](const KeyPair& pair) {
      const expr::Expression& column = without_casts(*pair.right);
      return column.kind == expr::Kind::kColumn && column.name == right.key[i];
    });
    if (compared) continue;
    return at_place(place,
                    "a join as of a time compares all of the right side's primary key by =, and `" +
                        declared_key(right)[i] + "` is not compared");
  }
  return {};
}

}  // namespace

Result<RelPtr> make_join(RelPtr left, RelPtr right, JoinKind kind, ExpressionPtr on, Place place) {
  DF_ASSIGN_OR_RETURN(JoinShape shape, shape_of(*left, *right, on));
  DF_ASSIGN_OR_RETURN(Sides sides, sides_of(left, right, shape.keys));
  Rel rel = join_rel(sides, kind, left, right, std::move(on), {}, place);
  if (shape.same_window) {
    return window_join(std::move(sides), std::move(rel), std::move(shape), kind);
  }
  if (shape.bounds) {
    plan::IntervalJoinSpec spec;
    spec.kind = kind;
    spec.left_keys = std::move(sides.left_keys);
    spec.right_keys = std::move(sides.right_keys);
    spec.left_time = *left->event_time;
    spec.right_time = *right->event_time;
    spec.lower_ms = shape.bounds->lower;
    spec.upper_ms = shape.bounds->upper;
    spec.condition = std::move(shape.rest);
    if (kind != JoinKind::kFull) {
      rel.event_time = kind == JoinKind::kRight ? right->event_time : left->event_time;
    }
    std::get<JoinRel>(rel.what).spec = std::move(spec);
    return std::make_shared<const Rel>(std::move(rel));
  }
  plan::JoinSpec spec;
  spec.kind = kind;
  spec.left_keys = std::move(sides.left_keys);
  spec.right_keys = std::move(sides.right_keys);
  spec.condition = std::move(shape.rest);
  std::get<JoinRel>(rel.what).spec = std::move(spec);
  return std::make_shared<const Rel>(std::move(rel));
}

Result<RelPtr> make_temporal_join(RelPtr left, RelPtr right, plan::TemporalJoinSpec spec,
                                  const ExpressionPtr& on, Place place) {
  // Only what must be equal counts here: times are the join's own.
  Rel bare = *left;
  bare.event_time.reset();
  bare.window.reset();
  DF_ASSIGN_OR_RETURN(JoinShape shape, shape_of(bare, *right, on));
  if (shape.keys.empty()) {
    return at_place(place, "a join as of a time compares at least one column of both sides by =");
  }
  DF_RETURN_IF_ERROR(check_key(*right, shape.keys, place));
  DF_ASSIGN_OR_RETURN(Sides sides, sides_of(left, right, shape.keys));
  spec.left_keys = std::move(sides.left_keys);
  spec.right_keys = std::move(sides.right_keys);
  spec.condition = std::move(shape.rest);
  const plan::JoinKind kind = spec.kind;
  const bool now = spec.time == plan::TimeKind::kProcessing;
  Rel rel = join_rel(sides, kind, left, right, on, std::move(spec), place);
  rel.processing_times = left->processing_times;
  // As the plan has it: behind a side that has none, time stands still, unless only the latest
  // rows count.
  if (right->event_time || now) {
    rel.event_time = left->event_time;
    rel.window = left->window;
  }
  return std::make_shared<const Rel>(std::move(rel));
}

Result<RelPtr> make_same_rows(RelPtr left, RelPtr right, bool keep_equal, Place place) {
  plan::JoinSpec spec;
  spec.kind = keep_equal ? JoinKind::kSemi : JoinKind::kAnti;
  spec.nulls_match = true;
  for (const Field& field : left->schema->fields()) spec.left_keys.push_back(field.name);
  for (const Field& field : right->schema->fields()) spec.right_keys.push_back(field.name);
  const Sides sides{left, right, {}, {}};
  const JoinKind kind = spec.kind;
  return std::make_shared<const Rel>(
      join_rel(sides, kind, left, right, nullptr, std::move(spec), place));
}

}  // namespace dataflow::sql
