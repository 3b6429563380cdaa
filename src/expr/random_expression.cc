#include <gtest/gtest.h>

#include "oracle.h"

namespace dataflow::expr {

namespace {

const Type kList = Type::array(Type::int32());
const Type kMap = Type::map(Type::string(), Type::int32());

template <size_t kCount>
const char* one_of(Random& random, const char* const (&names)[kCount]) {
  return names[below(random, kCount)];
}

}  // namespace

int64_t below(Random& random, int64_t n) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
}

ExpressionPtr ExpressionMaker::choice(ExpressionPtr a, ExpressionPtr b, int depth) {
  auto made = std::make_shared<Expression>();
  made->kind = Kind::kCase;
  made->arguments = {condition(depth - 1), std::move(a), std::move(b)};
  return made;
}

// Constant ones below 1 are refused.
ExpressionPtr ExpressionMaker::index() {
  if (below(random_, 2) == 0) return column("a");
  return literal(Value::integer(Type::int32(), 1 + below(random_, 3)));
}

ExpressionPtr ExpressionMaker::number_of_collection(int depth) {
  switch (below(random_, 7)) {
    case 0: return call("ITEM", {list(depth - 1), index()});
    case 1: return call("ITEM", {map(depth - 1), text(0)});
    case 2: return call("CARDINALITY", {below(random_, 2) == 0 ? list(depth - 1) : map(depth - 1)});
    case 3: return call(one_of(random_, {"ARRAY_MAX", "ARRAY_MIN"}), {list(depth - 1)});
    case 4: return call("ARRAY_POSITION", {list(depth - 1), number(depth - 1)});
    case 5: return call("FIELD", {column("r"), literal(Value::string("x"))});
    default: return call("ELEMENT", {list(depth - 1)});
  }
}

ExpressionPtr ExpressionMaker::number(int depth) {
  const int64_t kind = depth == 0 ? below(random_, 2) : below(random_, 12);
  if (kind == 0) return column(below(random_, 2) == 0 ? "a" : "b");
  if (kind == 1) return literal(Value::integer(Type::int32(), below(random_, 7) - 3));
  if (kind == 7) return choice(number(depth - 1), number(depth - 1), depth);
  if (kind == 8) return call("COALESCE", {number(depth - 1), number(depth - 1)});
  if (kind > 8) return number_of_collection(depth);
  static const char* kOps[] = {"+", "-", "*", "/", "%"};
  return call(kOps[kind - 2], {number(depth - 1), number(depth - 1)});
}

ExpressionPtr ExpressionMaker::text(int depth) {
  const int64_t kind = depth == 0 ? below(random_, 2) : below(random_, 4);
  if (kind == 0) return column("s");
  if (kind == 1) return literal(Value::string(std::string(below(random_, 3), 'x')));
  if (kind == 2) return choice(text(depth - 1), text(depth - 1), depth);
  return cast(below(random_, 2) == 0 ? list(depth - 1) : map(depth - 1), Type::string());
}

ExpressionPtr ExpressionMaker::condition(int depth) {
  static const char* kCompare[] = {"=", "<", ">=", "<>"};
  const int64_t kind = depth == 0 ? 0 : below(random_, 9);
  const std::string op = kCompare[below(random_, 4)];
  if (kind == 1) return call(op, {text(depth - 1), text(depth - 1)});
  if (kind == 2) return call("NOT", {condition(depth - 1)});
  if (kind == 3) return call("IS NULL", {number(depth - 1)});
  if (kind == 6) return call("ARRAY_CONTAINS", {list(depth - 1), number(depth - 1)});
  if (kind == 7) {
    const std::string equal = one_of(random_, {"=", "<>"});
    if (below(random_, 2) == 0) return call(equal, {list(depth - 1), list(depth - 1)});
    return call(equal, {map(depth - 1), map(depth - 1)});
  }
  if (kind == 8) return call("IS NULL", {list(depth - 1)});
  if (kind >= 4) {
    std::vector<ExpressionPtr> parts;
    for (int64_t n = 2 + below(random_, 2); n > 0; --n) parts.push_back(condition(depth - 1));
    return call(kind == 4 ? "AND" : "OR", std::move(parts));
  }
  const int rest = depth == 0 ? 0 : depth - 1;
  return call(op, {number(rest), number(rest)});
}

ExpressionPtr ExpressionMaker::list_function(int depth) {
  switch (below(random_, 5)) {
    case 0:
      return call(
          one_of(random_, {"ARRAY_CONCAT", "ARRAY_UNION", "ARRAY_EXCEPT", "ARRAY_INTERSECT"}),
          {list(depth - 1), list(depth - 1)});
    case 1:
      return call(one_of(random_, {"ARRAY_REMOVE", "ARRAY_APPEND", "ARRAY_PREPEND"}),
                  {list(depth - 1), number(depth - 1)});
    case 2: return call("ARRAY_SLICE", {list(depth - 1), number(0), number(0)});
    case 3:
      return call("ARRAY_SORT", {list(depth - 1), literal(Value::boolean(below(random_, 2) == 0))});
    default: return call(one_of(random_, {"ARRAY_DISTINCT", "ARRAY_REVERSE"}), {list(depth - 1)});
  }
}

ExpressionPtr ExpressionMaker::list(int depth) {
  const int64_t kind = depth == 0 ? below(random_, 2) : below(random_, 9);
  if (kind == 0) return column("l");
  if (kind == 1) {
    std::vector<ExpressionPtr> elements = {column("a")};
    while (below(random_, 3) > 0) elements.push_back(number(depth == 0 ? 0 : depth - 1));
    return call("ARRAY", std::move(elements));
  }
  if (kind == 2) return call("FIELD", {column("r"), literal(Value::string("l"))});
  if (kind == 3) return call("MAP_VALUES", {map(depth - 1)});
  if (kind == 4) return choice(list(depth - 1), list(depth - 1), depth);
  if (kind == 5) return call("COALESCE", {list(depth - 1), list(depth - 1)});
  return list_function(depth);
}

ExpressionPtr ExpressionMaker::map(int depth) {
  const int64_t kind = depth == 0 ? 0 : below(random_, 5);
  if (kind == 1) {
    std::vector<ExpressionPtr> entries = {column("s"), number(depth - 1)};
    while (below(random_, 2) > 0) {
      entries.push_back(text(0));
      entries.push_back(number(depth - 1));
    }
    return call("MAP", std::move(entries));
  }
  if (kind == 2) return call("MAP_UNION", {map(depth - 1), map(depth - 1)});
  if (kind == 3) return choice(map(depth - 1), map(depth - 1), depth);
  if (kind == 4) {
    return call("MAP_FROM_ARRAYS", {call("MAP_KEYS", {map(depth - 1)}), list(depth - 1)});
  }
  return column("m");
}

Batch random_batch(Random& random) {
  const Type row_type = Type::row({{"x", Type::int32()}, {"l", kList}});
  auto schema = std::make_shared<const Schema>(std::vector<Field>{{"a", Type::int32()},
                                                                  {"b", Type::int32()},
                                                                  {"s", Type::string()},
                                                                  {"l", kList},
                                                                  {"m", kMap},
                                                                  {"r", row_type}});
  auto number = [&] {
    if (below(random, 5) == 0) return Value::null(Type::int32());
    int64_t value = below(random, 10) == 0 ? INT32_MIN + below(random, 2) : below(random, 9) - 4;
    return Value::integer(Type::int32(), value);
  };
  auto list = [&] {
    if (below(random, 6) == 0) return Value::null(kList);
    Value::List values;
    while (below(random, 4) > 0) values.push_back(number());
    return Value::list(kList, std::move(values));
  };
  auto map = [&] {
    if (below(random, 6) == 0) return Value::null(kMap);
    Value::List values;
    for (const char* key : {"xx", "", "x"}) {
      if (below(random, 2) == 0) continue;
      values.push_back(Value::string(key));
      values.push_back(number());
    }
    return Value::list(kMap, std::move(values));
  };
  std::vector<std::vector<Value>> rows;
  for (int64_t n = 1 + below(random, 150); n > 0; --n) {
    Value text = below(random, 4) == 0 ? Value::null(Type::string())
                                       : Value::string(std::string(below(random, 3), 'x'));
    Value row =
        below(random, 6) == 0 ? Value::null(row_type) : Value::list(row_type, {number(), list()});
    rows.push_back({number(), number(), text, list(), map(), row});
  }
  Result<Batch> batch = batch_of(schema, rows);
  EXPECT_TRUE(batch.ok()) << batch.status();
  int64_t from = below(random, batch->rows);
  return below(random, 2) == 0 ? *batch : slice(*batch, from, batch->rows - from);
}

}  // namespace dataflow::expr
