// + - * / % and signs. As Flink has them: integers wrap around, integer division cuts off, division
// of an integer or decimal by zero is a fault, of a float gives infinity, and a decimal that does
// not fit its type becomes NULL.
#include <cmath>
#include <limits>

#include "civil_time.h"
#include "coercion.h"
#include "decimal_math.h"
#include "registry.h"
#include "row_function.h"

namespace dataflow::expr {

NodePtr make_time_sum(Nodes arguments, bool minus);  // arithmetic_time.cc

namespace {

// Integers wrap in their own width.
template <class T, class F>
T wrapping(T a, T b, F f) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<std::conditional_t<sizeof(T) < 4, int32_t, T>>;
    return static_cast<T>(f(static_cast<U>(a), static_cast<U>(b)));
  } else {
    return f(a, b);
  }
}
struct Add {
  template <class T>
  static T of(T a, T b) {
    return wrapping(a, b, [](auto x, auto y) { return x + y; });
  }
};
struct Subtract {
  template <class T>
  static T of(T a, T b) {
    return wrapping(a, b, [](auto x, auto y) { return x - y; });
  }
};
struct Multiply {
  template <class T>
  static T of(T a, T b) {
    return wrapping(a, b, [](auto x, auto y) { return x * y; });
  }
};
// Where the divisor cannot be zero. The least integer by -1 wraps.
struct Divide {
  template <class T>
  static T of(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      return b == T(-1) ? Subtract::of(T(0), a) : static_cast<T>(a / b);
    } else {
      return a / b;
    }
  }
};
struct Remainder {
  template <class T>
  static T of(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      return b == T(-1) ? T(0) : static_cast<T>(a % b);
    } else {
      return std::fmod(a, b);
    }
  }
};

// No row can fail: computed for all rows, wanted or not, NULL or not.
template <class T, class Op>
class DenseArithmetic final : public Node {
 public:
  DenseArithmetic(Type type, Nodes arguments)
      : Node(std::move(type), any_nullable(arguments), arguments) {}

  bool is_cheap() const override { return arguments_are_cheap(); }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    std::vector<Input> inputs(2);
    for (size_t i = 0; i < 2; ++i) {
      DF_ASSIGN_OR_RETURN(inputs[i], input_of(*arguments()[i], batch, selection, context));
    }
    DF_ASSIGN_OR_RETURN(Nulls nulls, Nulls::of(inputs, batch.rows));
    DF_ASSIGN_OR_RETURN(BufferPtr out, allocate(batch.rows * static_cast<int64_t>(sizeof(T))));
    compute(Values<T>(inputs[0]), Values<T>(inputs[1]), batch.rows,
            reinterpret_cast<T*>(out->mutable_data()));
    return make_array(layout(), batch.rows, {nulls.bits(), std::move(out)});
  }

 private:
  static void compute(const Values<T>& left, const Values<T>& right, int64_t rows, T* out) {
    const T* a = left.data();
    const T* b = right.data();
    if (right.constant()) {
      const T value = *b;
      for (int64_t i = 0; i < rows; ++i) out[i] = Op::of(a[i], value);
    } else if (left.constant()) {
      const T value = *a;
      for (int64_t i = 0; i < rows; ++i) out[i] = Op::of(value, b[i]);
    } else {
      for (int64_t i = 0; i < rows; ++i) out[i] = Op::of(a[i], b[i]);
    }
  }
};

template <class T, class Op>
NodePtr dense(const Type& type, Nodes arguments) {
  for (const NodePtr& argument : arguments) {
    if (argument->literal() != nullptr && argument->literal()->is_null()) {
      return make_literal(Value::null(type));
    }
  }
  return folded(std::make_shared<DenseArithmetic<T, Op>>(type, std::move(arguments)));
}

bool never_zero(const Node& divisor) {
  const Value* value = divisor.literal();
  return value != nullptr && !value->is_null() && value->as_int() != 0;
}

template <class T, class Op>
NodePtr divided(const Type& type, Nodes arguments) {
  if constexpr (std::is_integral_v<T>) {
    if (!never_zero(*arguments[1])) {
      return make_row_function<T, T, T>(type, std::move(arguments), [](Row& row, T a, T b) -> T {
        if (b != 0) return Op::of(a, b);
        row.fail([&] { return "division by zero: " + std::to_string(a) + " by 0"; });
        return 0;
      });
    }
  }
  return dense<T, Op>(type, std::move(arguments));
}

template <class T>
NodePtr numeric_node(char op, const Type& type, Nodes arguments) {
  switch (op) {
    case '+': return dense<T, Add>(type, std::move(arguments));
    case '-': return dense<T, Subtract>(type, std::move(arguments));
    case '*': return dense<T, Multiply>(type, std::move(arguments));
    case '/': return divided<T, Divide>(type, std::move(arguments));
    default: return divided<T, Remainder>(type, std::move(arguments));
  }
}

NodePtr primitive_arithmetic(char op, const Type& type, Nodes arguments) {
  return with_storage(type, [&](auto sample) -> NodePtr {
    using T = decltype(sample);
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      return numeric_node<T>(op, type, std::move(arguments));
    } else {
      return nullptr;
    }
  });
}

NodePtr decimal_arithmetic(char op, const Type& type, int left, int right, Nodes arguments) {
  return make_row_function<Int128, Int128, Int128>(
      type, std::move(arguments),
      [op, type, left, right](Row& row, Int128 a, Int128 b) -> Int128 {
        DecimalValue x{a, left};
        DecimalValue y{op == '-' ? -b : b, right};
        std::optional<Int128> value;
        if ((op == '/' || op == '%') && b == 0) {
          row.fail([] { return "division by zero"; });
        } else if (op == '*') {
          value = decimal_multiply(x, y, type);
        } else if (op == '/') {
          value = decimal_divide(x, y, type);
        } else if (op == '%') {
          value = decimal_modulo(x, y, type);
        } else {
          value = decimal_add(x, y, type);
        }
        if (!value) row.set_null();
        return value.value_or(0);
      },
      true);
}

bool is_interval(const Type& type) {
  return type.id() == TypeId::kMonths || type.id() == TypeId::kMillis;
}

// Intervals with intervals, and intervals times or by a number.
Result<NodePtr> interval_arithmetic(char op, Nodes arguments, const CallSite& site) {
  const Type& left = arguments[0]->type();
  const Type& right = arguments[1]->type();
  Type type = is_interval(left) ? left : right;
  bool sum = left == right && (op == '+' || op == '-');
  bool scaled = (op == '*' && left.is_integer() != right.is_integer()) ||
                (op == '/' && is_interval(left) && right.is_integer());
  if (!sum && !scaled) return site.wrong_types("numbers", arguments);
  if (sum) return primitive_arithmetic(op, type, std::move(arguments));
  if (left.is_integer()) std::swap(arguments[0], arguments[1]);
  bool months = type.id() == TypeId::kMonths;
  DF_ASSIGN_OR_RETURN(arguments[1],
                      coerced(arguments[1], months ? Type::int32() : Type::int64(), site));
  return primitive_arithmetic(op, type, std::move(arguments));
}

Result<NodePtr> bind_arithmetic(char op, Nodes arguments, const CallSite& site) {
  Type left = arguments[0]->type();
  Type right = arguments[1]->type();
  if (op == '+' || op == '-') {
    bool swapped = op == '+' && is_interval(left) && !is_interval(right);
    if (swapped) std::swap(arguments[0], arguments[1]);
    if (NodePtr time = make_time_sum(arguments, op == '-')) return time;
    if (swapped) std::swap(arguments[0], arguments[1]);
  }
  if (is_interval(left) || is_interval(right)) {
    return interval_arithmetic(op, std::move(arguments), site);
  }
  if (left.id() == TypeId::kNull && right.id() == TypeId::kNull) {
    left = right = Type::int32();
  } else if (left.id() == TypeId::kNull) {
    left = right;
  } else if (right.id() == TypeId::kNull) {
    right = left;
  }
  if (!left.is_numeric() || !right.is_numeric()) return site.wrong_types("numbers", arguments);
  Type common = *common_type(left, right);
  if (common.id() != TypeId::kDecimal) {
    DF_ASSIGN_OR_RETURN(arguments, all_coerced(std::move(arguments), common, site));
    NodePtr result = primitive_arithmetic(op, common, std::move(arguments));
    // What a division leaves is of the divisor's type.
    if (op == '%' && right.is_integer()) return coerced(std::move(result), right, site);
    return result;
  }
  left = as_decimal(left);
  right = as_decimal(right);
  DF_ASSIGN_OR_RETURN(arguments[0], coerced(std::move(arguments[0]), left, site));
  DF_ASSIGN_OR_RETURN(arguments[1], coerced(std::move(arguments[1]), right, site));
  Type type = op == '*'   ? decimal_product(left, right)
              : op == '/' ? decimal_quotient(left, right)
              : op == '%' ? decimal_remainder(left, right)
                          : decimal_sum(left, right);
  return decimal_arithmetic(op, type, left.scale(), right.scale(), std::move(arguments));
}

Result<NodePtr> bind_sign(char op, Nodes arguments, const CallSite& site) {
  const Type type =
      arguments[0]->type().id() == TypeId::kNull ? Type::int32() : arguments[0]->type();
  if (!type.is_numeric() && !is_interval(type)) return site.wrong_types("a number", arguments);
  if (op == '+') return arguments[0];
  DF_ASSIGN_OR_RETURN(arguments, all_coerced(std::move(arguments), type, site));
  if (type.id() == TypeId::kDecimal) {
    return make_row_function<Int128, Int128>(type, std::move(arguments),
                                             [](Row&, Int128 value) { return -value; });
  }
  if (type.is_float()) {  // 0 - 0.0 is not -0.0
    arguments.insert(arguments.begin(), make_literal(Value::floating(type, -1)));
    return primitive_arithmetic('*', type, std::move(arguments));
  }
  arguments.insert(arguments.begin(), make_literal(Value::integer(type, 0)));
  return primitive_arithmetic('-', type, std::move(arguments));
}

Function arithmetic(char op, const char* signature, const char* help, size_t least) {
  Function function;
  function.info = {std::string(1, op), signature, help, "arithmetic"};
  function.least = least;
  function.most = 2;
  function.bind = [op](Nodes arguments, const CallSite& site) {
    if (arguments.size() == 1) return bind_sign(op, std::move(arguments), site);
    return bind_arithmetic(op, std::move(arguments), site);
  };
  return function;
}

}  // namespace

void add_arithmetic(FunctionList& list) {
  list.push_back(arithmetic('+', "number + number, time + interval",
                            "The sum. Integers wrap around; a decimal too large is NULL.", 1));
  list.push_back(arithmetic('-', "number - number, time - interval, time - time",
                            "The difference; in front of one number: its negative.", 1));
  list.push_back(arithmetic('*', "number * number, interval * integer", "The product.", 2));
  list.push_back(arithmetic('/', "number / number, interval / integer",
                            "The quotient; of integers it is cut off towards zero. Division of an "
                            "integer or decimal by zero is a fault.",
                            2));
  list.push_back(arithmetic('%', "number % number", "What a division leaves.", 2));
  Function mod = arithmetic('%', "MOD(number, number)", "The same as %.", 2);
  mod.info.name = "MOD";
  list.push_back(std::move(mod));
}

}  // namespace dataflow::expr
