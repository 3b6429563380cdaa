// Random expressions over random batches and selections, held against an evaluator that computes
// one Value at a time.
#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "test_rows.h"

namespace dataflow::expr {
namespace {

using Random = std::mt19937_64;

int64_t below(Random& random, int64_t n) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
}

// A row's value; `fault` where it fails.
struct Outcome {
  Value value;
  bool fault = false;
};

class Oracle {
 public:
  Oracle(const Batch& batch, int64_t row) : schema_(*batch.schema), row_(row_of(batch, row)) {}

  Outcome of(const Expression& e) const {
    if (e.kind == Kind::kColumn) return {row_[*schema_.find(e.name)]};
    if (e.kind == Kind::kLiteral) return {e.value};
    if (e.kind == Kind::kCase) return of_case(e);
    if (e.name == "AND" || e.name == "OR") return junction(e);
    if (e.name == "COALESCE") {
      for (const ExpressionPtr& argument : e.arguments) {
        Outcome outcome = of(*argument);
        if (outcome.fault || !outcome.value.is_null()) return outcome;
      }
      return {};
    }
    return strict(e);
  }

 private:
  Outcome of_case(const Expression& e) const {
    for (size_t i = 0; i + 1 < e.arguments.size(); i += 2) {
      Outcome condition = of(*e.arguments[i]);
      if (condition.fault) return condition;
      if (!condition.value.is_null() && condition.value.as_bool()) return of(*e.arguments[i + 1]);
    }
    return of(*e.arguments.back());
  }

  Outcome junction(const Expression& e) const {
    bool deciding = e.name == "OR";
    bool unknown = false;
    for (const ExpressionPtr& argument : e.arguments) {
      Outcome outcome = of(*argument);
      if (outcome.fault) return outcome;
      if (outcome.value.is_null())
        unknown = true;
      else if (outcome.value.as_bool() == deciding)
        return outcome;
    }
    return {unknown ? Value::null(Type::boolean()) : Value::boolean(!deciding)};
  }

  Outcome strict(const Expression& e) const {
    std::vector<Value> values;
    for (const ExpressionPtr& argument : e.arguments) {
      Outcome outcome = of(*argument);
      if (outcome.fault) return outcome;
      values.push_back(outcome.value);
    }
    if (e.name == "IS NULL") return {Value::boolean(values[0].is_null())};
    for (const Value& value : values) {
      if (value.is_null()) return {};
    }
    if (e.name == "NOT") return {Value::boolean(!values[0].as_bool())};
    if (values[0].type().id() == TypeId::kString) {
      return compare(e.name, values[0].as_text().compare(values[1].as_text()));
    }
    int64_t a = values[0].as_int();
    int64_t b = values[1].as_int();
    if (e.name == "+") return {wrapped(a + b)};
    if (e.name == "-") return {wrapped(a - b)};
    if (e.name == "*") return {wrapped(a * b)};
    if (e.name == "/" || e.name == "%") {
      if (b == 0) return {{}, true};
      return {wrapped(e.name == "/" ? a / b : a % b)};
    }
    return compare(e.name, a < b ? -1 : a > b ? 1 : 0);
  }

  static Value wrapped(int64_t value) {
    return Value::integer(Type::int32(), static_cast<int32_t>(value));
  }

  static Outcome compare(const std::string& op, int order) {
    bool holds = op == "="    ? order == 0
                 : op == "<"  ? order < 0
                 : op == ">=" ? order >= 0
                              : order != 0;
    return {Value::boolean(holds)};
  }

  const Schema& schema_;
  std::vector<Value> row_;
};

class Maker {
 public:
  explicit Maker(Random& random) : random_(random) {}

  ExpressionPtr number(int depth) {
    int64_t kind = depth == 0 ? below(random_, 2) : below(random_, 9);
    if (kind == 0) return column(below(random_, 2) == 0 ? "a" : "b");
    if (kind == 1) return literal(Value::integer(Type::int32(), below(random_, 7) - 3));
    if (kind == 7) return choice(number(depth - 1), number(depth - 1), depth);
    if (kind == 8) return call("COALESCE", {number(depth - 1), number(depth - 1)});
    static const char* kOps[] = {"+", "-", "*", "/", "%"};
    return call(kOps[kind - 2], {number(depth - 1), number(depth - 1)});
  }

  ExpressionPtr text(int depth) {
    int64_t kind = depth == 0 ? below(random_, 2) : below(random_, 3);
    if (kind == 0) return column("s");
    if (kind == 1) return literal(Value::string(std::string(below(random_, 3), 'x')));
    return choice(text(depth - 1), text(depth - 1), depth);
  }

  ExpressionPtr condition(int depth) {
    static const char* kCompare[] = {"=", "<", ">=", "<>"};
    int64_t kind = depth == 0 ? 0 : below(random_, 6);
    std::string op = kCompare[below(random_, 4)];
    if (kind == 1) return call(op, {text(depth - 1), text(depth - 1)});
    if (kind == 2) return call("NOT", {condition(depth - 1)});
    if (kind == 3) return call("IS NULL", {number(depth - 1)});
    if (kind >= 4) {
      std::vector<ExpressionPtr> parts;
      for (int64_t n = 2 + below(random_, 2); n > 0; --n) parts.push_back(condition(depth - 1));
      return call(kind == 4 ? "AND" : "OR", std::move(parts));
    }
    int rest = depth == 0 ? 0 : depth - 1;
    return call(op, {number(rest), number(rest)});
  }

 private:
  ExpressionPtr choice(ExpressionPtr a, ExpressionPtr b, int depth) {
    auto made = std::make_shared<Expression>();
    made->kind = Kind::kCase;
    made->arguments = {condition(depth - 1), std::move(a), std::move(b)};
    return made;
  }

  Random& random_;
};

Batch random_batch(Random& random) {
  auto schema = std::make_shared<const Schema>(
      std::vector<Field>{{"a", Type::int32()}, {"b", Type::int32()}, {"s", Type::string()}});
  std::vector<std::vector<Value>> rows;
  for (int64_t n = 1 + below(random, 150); n > 0; --n) {
    auto number = [&] {
      if (below(random, 5) == 0) return Value::null(Type::int32());
      int64_t value = below(random, 10) == 0 ? INT32_MIN + below(random, 2) : below(random, 9) - 4;
      return Value::integer(Type::int32(), value);
    };
    Value text = below(random, 4) == 0 ? Value::null(Type::string())
                                       : Value::string(std::string(below(random, 3), 'x'));
    rows.push_back({number(), number(), text});
  }
  Result<Batch> batch = batch_of(schema, rows);
  EXPECT_TRUE(batch.ok()) << batch.status();
  int64_t from = below(random, batch->rows);
  return below(random, 2) == 0 ? *batch : slice(*batch, from, batch->rows - from);
}

void compare_once(Random& random) {
  Maker maker(random);
  int64_t kind = below(random, 3);
  ExpressionPtr expression = kind == 0   ? maker.number(4)
                             : kind == 1 ? maker.condition(4)
                                         : maker.text(3);
  Batch batch = random_batch(random);
  Selection selection;
  if (below(random, 2) == 0) {
    selection.all = false;
    for (int32_t row = 0; row < batch.rows; ++row) {
      if (below(random, 3) == 0) selection.rows.push_back(row);
    }
  }
  Evaluated got = evaluate_text(expression->to_string(), batch, selection);
  ASSERT_TRUE(got.status.ok()) << expression->to_string() << ": " << got.status;
  size_t fault = 0;
  for (size_t i = 0; i < got.values.size(); ++i) {
    int64_t row = selection.all ? static_cast<int64_t>(i) : selection.rows[i];
    Outcome want = Oracle(batch, row).of(*expression);
    bool failed = fault < got.faults.size() && got.faults[fault].row == row;
    fault += failed ? 1 : 0;
    ASSERT_EQ(failed, want.fault) << expression->to_string() << " at row " << row;
    if (failed) continue;
    ASSERT_EQ(got.values[i].is_null(), want.value.is_null())
        << expression->to_string() << " at row " << row;
    if (!want.value.is_null()) {
      ASSERT_EQ(got.values[i], want.value) << expression->to_string() << " at row " << row;
    }
  }
  ASSERT_EQ(fault, got.faults.size()) << expression->to_string() << ": a fault of another row";
}

TEST(EvaluationAgainstTheOracle, RandomExpressionsAgreeRowByRow) {
  uint64_t first = std::random_device()();
  for (uint64_t seed = first; seed < first + 1500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    compare_once(random);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace dataflow::expr
