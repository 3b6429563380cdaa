// = <> < <= > >=, BETWEEN, IN, IS [NOT] DISTINCT FROM, GREATEST and LEAST's order.
#include "comparison.h"

#include "coercion.h"
#include "decimal_math.h"
#include "elements.h"
#include "registry.h"
#include "row_function.h"

namespace dataflow::expr {

namespace {

struct Equal {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
};
struct NotEqual {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a != b;
  }
};
struct Less {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a < b;
  }
};
struct LessEqual {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a <= b;
  }
};
struct Greater {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a > b;
  }
};
struct GreaterEqual {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a >= b;
  }
};

// 64 bytes of 0 or 1 as 64 bits: a multiplication gathers the low bits of eight bytes.
uint64_t packed(const uint8_t* bytes) {
  uint64_t word = 0;
  for (int i = 0; i < 8; ++i) {
    uint64_t eight;
    std::memcpy(&eight, bytes + i * 8, 8);
    word |= (eight * 0x0102040810204080ull >> 56) << (i * 8);
  }
  return word;
}

// f(row) for all rows, as bits. In blocks of 64, which the compiler turns into vector code.
template <class F>
void fill_bits(int64_t rows, uint64_t* words, F&& f) {
  int64_t row = 0;
  uint8_t bytes[64];
  for (; row + 64 <= rows; row += 64) {
    for (int64_t i = 0; i < 64; ++i) bytes[i] = f(row + i);
    *words++ = packed(bytes);
  }
  if (row == rows) return;
  uint64_t last = 0;
  for (int64_t i = row; i < rows; ++i) last |= uint64_t{f(i)} << (i - row);
  *words = last;
}

// No row can fail: computed for all rows, wanted or not, NULL or not.
template <class T, class Op>
class Comparison final : public Node {
 public:
  explicit Comparison(Nodes arguments)
      : Node(Type::boolean(), any_nullable(arguments), arguments) {}

  bool is_cheap() const override { return arguments_are_cheap(); }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    std::vector<Input> inputs(2);
    for (size_t i = 0; i < 2; ++i) {
      DF_ASSIGN_OR_RETURN(inputs[i], input_of(*arguments()[i], batch, selection, context));
    }
    DF_ASSIGN_OR_RETURN(Nulls nulls, Nulls::of(inputs, batch.rows));
    DF_ASSIGN_OR_RETURN(BufferPtr bits, allocate(word_count(batch.rows) * 8));
    compute(Values<T>(inputs[0]), Values<T>(inputs[1]), batch.rows, words_of(bits));
    return make_array(layout(), batch.rows, {nulls.bits(), std::move(bits)});
  }

 private:
  static void compute(const Values<T>& left, const Values<T>& right, int64_t rows, uint64_t* out) {
    Op op;
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      const T* a = left.data();
      const T* b = right.data();
      if (right.constant()) {
        const T value = *b;
        fill_bits(rows, out, [=](int64_t i) { return op(a[i], value); });
      } else if (left.constant()) {
        const T value = *a;
        fill_bits(rows, out, [=](int64_t i) { return op(value, b[i]); });
      } else {
        fill_bits(rows, out, [=](int64_t i) { return op(a[i], b[i]); });
      }
    } else {
      fill_bits(rows, out, [&](int64_t i) { return op(left[i], right[i]); });
    }
  }
};

template <class Op>
NodePtr comparison_node(const Type& type, Nodes arguments) {
  return with_storage(type, [&](auto sample) -> NodePtr {
    return folded(std::make_shared<Comparison<decltype(sample), Op>>(std::move(arguments)));
  });
}

NodePtr of_type(CompareOp op, const Type& type, Nodes arguments) {
  switch (op) {
    case CompareOp::kEqual: return comparison_node<Equal>(type, std::move(arguments));
    case CompareOp::kNotEqual: return comparison_node<NotEqual>(type, std::move(arguments));
    case CompareOp::kLess: return comparison_node<Less>(type, std::move(arguments));
    case CompareOp::kLessEqual: return comparison_node<LessEqual>(type, std::move(arguments));
    case CompareOp::kGreater: return comparison_node<Greater>(type, std::move(arguments));
    case CompareOp::kGreaterEqual: break;
  }
  return comparison_node<GreaterEqual>(type, std::move(arguments));
}

bool holds(CompareOp op, std::strong_ordering order) {
  switch (op) {
    case CompareOp::kEqual: return order == 0;
    case CompareOp::kNotEqual: return order != 0;
    case CompareOp::kLess: return order < 0;
    case CompareOp::kLessEqual: return order <= 0;
    case CompareOp::kGreater: return order > 0;
    case CompareOp::kGreaterEqual: break;
  }
  return order >= 0;
}

// Decimals of different scales are compared as they are: bringing them to one may not fit.
Result<NodePtr> compare_decimals(CompareOp op, Nodes arguments, const CallSite& site) {
  for (NodePtr& argument : arguments) {
    Type decimal = as_decimal(argument->type());
    if (decimal.id() == TypeId::kNull) decimal = Type::decimal(1, 0);
    DF_ASSIGN_OR_RETURN(argument, coerced(std::move(argument), decimal, site));
  }
  int left = arguments[0]->type().scale();
  int right = arguments[1]->type().scale();
  return make_row_function<bool, Int128, Int128>(
      Type::boolean(), std::move(arguments), [=](Row&, Int128 a, Int128 b) {
        return holds(op, decimal_compare({a, left}, {b, right}));
      });
}

enum class NullFields : uint8_t { kUnknown, kEqual };

// Arrays, maps and rows: only whether they are equal, value by value. Fields of rows that are NULL
// are compared as by =, or as IS DISTINCT FROM has them.
class NestedEqual final : public Node {
 public:
  NestedEqual(Nodes arguments, bool negated, NullFields fields)
      : Node(Type::boolean(), may_be_null(arguments, fields), arguments),
        negated_(negated),
        null_fields_(fields) {}

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    std::vector<Input> inputs(2);
    for (size_t i = 0; i < 2; ++i) {
      DF_ASSIGN_OR_RETURN(inputs[i], input_of(*arguments()[i], batch, selection, context));
    }
    DF_ASSIGN_OR_RETURN(Nulls nulls, Nulls::of(inputs, batch.rows));
    Writer<bool> out;
    DF_RETURN_IF_ERROR(out.open(batch.rows));
    const auto elements = make_elements(arguments()[0]->type(), inputs[0].column, inputs[1].column);
    Status failed;
    for_each_row(selection, batch.rows, [&](int64_t row) {
      if (nulls.is_null(row)) return;
      const int64_t left = inputs[0].constant ? 0 : row;
      const int64_t right = inputs[1].constant ? 0 : row;
      const std::optional<bool> same = null_fields_ == NullFields::kEqual
                                           ? elements->equal(left, right)
                                           : elements->same(left, right);
      out.set(row, same.value_or(false) != negated_);
      if (!same && failed.ok()) failed = nulls.set_null(row);
    });
    DF_RETURN_IF_ERROR(failed);
    return out.finish(layout(), batch.rows, nulls);
  }

 private:
  static bool may_be_null(const Nodes& arguments, NullFields fields) {
    const bool row = arguments[0]->type().id() == TypeId::kRow;
    return any_nullable(arguments) || (row && fields == NullFields::kUnknown);
  }

  bool negated_;
  NullFields null_fields_;
};

}  // namespace

namespace {

Result<NodePtr> compared(CompareOp op, Nodes arguments, const CallSite& site, NullFields fields) {
  auto type = comparison_type(arguments[0]->type(), arguments[1]->type());
  if (!type) return site.wrong_types("values that can be compared", arguments);
  if (type->id() == TypeId::kNull) return make_literal(Value::null(Type::boolean()));
  if (type->id() == TypeId::kDecimal) return compare_decimals(op, std::move(arguments), site);
  DF_ASSIGN_OR_RETURN(arguments, all_coerced(std::move(arguments), *type, site));
  for (const NodePtr& argument : arguments) {
    if (argument->literal() != nullptr && argument->literal()->is_null()) {
      return make_literal(Value::null(Type::boolean()));
    }
  }
  if (type->is_nested()) {
    if (op != CompareOp::kEqual && op != CompareOp::kNotEqual) {
      return site.wrong_types("values that have an order", arguments);
    }
    return folded(
        std::make_shared<NestedEqual>(std::move(arguments), op == CompareOp::kNotEqual, fields));
  }
  return of_type(op, *type, std::move(arguments));
}

}  // namespace

Result<NodePtr> make_comparison(CompareOp op, Nodes arguments, const CallSite& site) {
  return compared(op, std::move(arguments), site, NullFields::kUnknown);
}

namespace {

struct NamedOp {
  const char* name;
  CompareOp op;
  const char* help;
};
constexpr NamedOp kOps[] = {
    {"=", CompareOp::kEqual,
     "Whether both are equal; of rows NULL where a field is NULL and no other field differs."},
    {"<>", CompareOp::kNotEqual, "Whether they differ, the contrary of =; also written !=."},
    {"<", CompareOp::kLess, "Whether the left one is smaller."},
    {"<=", CompareOp::kLessEqual, "Whether the left one is smaller or equal."},
    {">", CompareOp::kGreater, "Whether the left one is larger."},
    {">=", CompareOp::kGreaterEqual, "Whether the left one is larger or equal."},
};

// x BETWEEN a AND b is x >= a AND x <= b; SYMMETRIC takes the bounds in either order.
Result<NodePtr> between(const Nodes& arguments, const CallSite& site, bool negated,
                        bool symmetric) {
  auto within = [&](const NodePtr& low, const NodePtr& high) -> Result<NodePtr> {
    DF_ASSIGN_OR_RETURN(NodePtr above,
                        make_comparison(CompareOp::kGreaterEqual, {arguments[0], low}, site));
    DF_ASSIGN_OR_RETURN(NodePtr below,
                        make_comparison(CompareOp::kLessEqual, {arguments[0], high}, site));
    return make_and({above, below});
  };
  DF_ASSIGN_OR_RETURN(NodePtr node, within(arguments[1], arguments[2]));
  if (symmetric) {
    DF_ASSIGN_OR_RETURN(NodePtr other, within(arguments[2], arguments[1]));
    node = make_or({node, other});
  }
  return negated ? make_not(node) : node;
}

Result<NodePtr> bind_in(const Nodes& arguments, const CallSite& site, bool negated) {
  if (NodePtr set = make_literal_in(arguments, negated)) return set;
  Nodes choices;
  for (size_t i = 1; i < arguments.size(); ++i) {
    DF_ASSIGN_OR_RETURN(NodePtr equal,
                        make_comparison(CompareOp::kEqual, {arguments[0], arguments[i]}, site));
    choices.push_back(std::move(equal));
  }
  NodePtr any = choices.size() == 1 ? choices[0] : make_or(std::move(choices));
  return negated ? make_not(any) : any;
}

void add(FunctionList& list, const std::string& name, const std::string& signature,
         const std::string& help, size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "comparison"}, least, most, std::move(bind)});
}

}  // namespace

void add_comparison(FunctionList& list) {
  for (const NamedOp& named : kOps) {
    add(list, named.name, std::string("value ") + named.name + " value", named.help, 2, 2,
        [op = named.op](Nodes arguments, const CallSite& site) {
          return make_comparison(op, std::move(arguments), site);
        });
  }
  for (bool negated : {false, true}) {
    std::string no = negated ? "NOT " : "";
    for (bool symmetric : {false, true}) {
      std::string name = no + (symmetric ? "BETWEEN SYMMETRIC" : "BETWEEN");
      add(list, name, "value " + name + " low AND high",
          "Whether the value lies within both bounds, which are included.", 3, 3,
          [=](Nodes arguments, const CallSite& site) {
            return between(arguments, site, negated, symmetric);
          });
    }
    add(list, no + "IN", "value " + no + "IN (value, …)",
        "Whether the value is one of the list. NULL if it is not and the list has a NULL.", 2,
        kAnyNumber,
        [=](Nodes arguments, const CallSite& site) { return bind_in(arguments, site, negated); });
    std::string distinct = negated ? "IS NOT DISTINCT FROM" : "IS DISTINCT FROM";
    add(list, distinct, "value " + distinct + " value",
        "Like <> and =, but NULL is a value like others.", 2, 2,
        [=](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
          DF_ASSIGN_OR_RETURN(NodePtr equal,
                              compared(CompareOp::kEqual, arguments, site, NullFields::kEqual));
          return make_distinct(std::move(arguments), std::move(equal), negated);
        });
  }
}

}  // namespace dataflow::expr
