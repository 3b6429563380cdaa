// RAND, RAND_INTEGER and UUID: other values for each row.
#include <algorithm>

#include <openssl/rand.h>

#include "expr/lexer.h"
#include "typed_function.h"

namespace dataflow::expr {

namespace {

// Java's generator of random numbers, so that a seed gives what it gives in Flink.
class JavaRandom {
 public:
  static uint64_t scrambled(int64_t seed) {
    return (static_cast<uint64_t>(seed) ^ kMultiplier) & kMask;
  }
  explicit JavaRandom(uint64_t& state) : state_(state) {}

  double real() {
    const int64_t high = static_cast<int64_t>(next(26)) << 27;
    return static_cast<double>(high + next(27)) * 0x1.0p-53;
  }
  int32_t below(int32_t bound) {
    int32_t bits = next(31);
    if ((bound & (bound - 1)) == 0) {
      return static_cast<int32_t>(static_cast<int64_t>(bound) * bits >> 31);
    }
    // Numbers of the last part, which is no whole bound, are passed over.
    while (bits - bits % bound > INT32_MAX - (bound - 1)) bits = next(31);
    return bits % bound;
  }

 private:
  static constexpr uint64_t kMultiplier = 0x5DEECE66D;
  static constexpr uint64_t kMask = (uint64_t{1} << 48) - 1;

  int32_t next(int bits) {
    state_ = (state_ * kMultiplier + 11) & kMask;
    return static_cast<int32_t>(state_ >> (48 - bits));
  }

  uint64_t& state_;
};

int64_t random_seed() {
  int64_t seed = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&seed), sizeof seed);
  return seed;
}

// The numbers go on from batch to batch of a task; with a seed each task's are the same.
class RandomNode final : public Node {
 public:
  RandomNode(Type type, std::optional<int64_t> seed, int32_t bound)
      : Node(std::move(type), false, {}), seed_(seed), bound_(bound) {}

  bool is_deterministic() const override { return false; }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    const auto [found, first] = context.sequences.try_emplace(this);
    if (first) found->second = JavaRandom::scrambled(seed_ ? *seed_ : random_seed());
    JavaRandom random(found->second);
    DF_ASSIGN_OR_RETURN(Nulls nulls, Nulls::of({}, batch.rows));
    if (type().id() == TypeId::kFloat64) {
      Writer<double> out;
      DF_RETURN_IF_ERROR(out.open(batch.rows));
      for_each_row(selection, batch.rows, [&](int64_t row) { out.set(row, random.real()); });
      return out.finish(layout(), batch.rows, nulls);
    }
    Writer<int32_t> out;
    DF_RETURN_IF_ERROR(out.open(batch.rows));
    for_each_row(selection, batch.rows, [&](int64_t row) { out.set(row, random.below(bound_)); });
    return out.finish(layout(), batch.rows, nulls);
  }

 private:
  std::optional<int64_t> seed_;
  int32_t bound_;
};

Result<int32_t> constant_int(const Node& argument, const CallSite& site) {
  const Value* value = argument.literal();
  const bool known = value != nullptr && !value->is_null() && value->type().is_integer();
  if (!known || value->as_int() < INT32_MIN || value->as_int() > INT32_MAX) {
    return site.fail("a seed and a bound must be constant INT");
  }
  return static_cast<int32_t>(value->as_int());
}

Result<NodePtr> bind_rand(Nodes arguments, const CallSite& site) {
  std::optional<int64_t> seed;
  if (!arguments.empty()) {
    DF_ASSIGN_OR_RETURN(seed, constant_int(*arguments[0], site));
  }
  return NodePtr(std::make_shared<RandomNode>(Type::float64(), seed, 0));
}

Result<NodePtr> bind_rand_integer(Nodes arguments, const CallSite& site) {
  std::optional<int64_t> seed;
  if (arguments.size() == 2) {
    DF_ASSIGN_OR_RETURN(seed, constant_int(*arguments[0], site));
  }
  DF_ASSIGN_OR_RETURN(const int32_t bound, constant_int(*arguments.back(), site));
  if (bound < 1) return site.fail("the bound must be at least 1");
  return NodePtr(std::make_shared<RandomNode>(Type::int32(), seed, bound));
}

void put_uuid(Row& row, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return row.fail([] { return "no random bytes"; });
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.push_back('-');
    out.push_back(kDigits[bytes[i] >> 4]);
    out.push_back(kDigits[bytes[i] & 15]);
  }
}

}  // namespace

bool is_random(const Expression& expression) {
  const std::string name = in_capitals(expression.name);
  const bool draws = expression.kind == Kind::kCall &&
                     (name == "RAND" || name == "RAND_INTEGER" || name == "UUID");
  return draws || std::ranges::any_of(expression.arguments, [](const ExpressionPtr& argument) {
           return is_random(*argument);
         });
}

void add_random(FunctionList& list) {
  list.push_back(
      {{"RAND", "RAND([seed])",
        "A random number from 0 to less than 1; with a seed Java's sequence of it.", "math"},
       0,
       1,
       bind_rand});
  list.push_back({{"RAND_INTEGER", "RAND_INTEGER([seed,] bound)",
                   "A random INT from 0 to less than the bound.", "math"},
                  1,
                  2,
                  bind_rand_integer});
  list.push_back({{"UUID", "UUID()", "A random UUID (version 4).", "string"},
                  0,
                  0,
                  [](const Nodes&, const CallSite&) -> Result<NodePtr> {
                    RowFunctionTraits traits;
                    traits.deterministic = false;
                    return make_row_function<Text>(Type::string(), {}, put_uuid, false, traits);
                  }});
}

}  // namespace dataflow::expr
