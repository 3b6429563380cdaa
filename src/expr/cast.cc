// Casts. As Flink has them: between integers and floats as the machine does it (integers wrap,
// floats saturate), into a decimal that is too small NULL; a text that cannot be read is a fault.
#include "cast.h"

#include <cmath>
#include <limits>

#include "coercion.h"
#include "decimal_math.h"

namespace dataflow::expr {

namespace {

template <class To, class From>
To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // To the nearest that there is; 8 and 16 bits by way of 32.
    using Via = std::conditional_t<sizeof(To) < 4, int32_t, To>;
    if (std::isnan(value)) return 0;
    constexpr auto kLeast = std::numeric_limits<Via>::min();
    if (value <= static_cast<From>(kLeast)) return static_cast<To>(kLeast);
    if (value >= -static_cast<From>(kLeast)) {
      return static_cast<To>(std::numeric_limits<Via>::max());
    }
    return static_cast<To>(static_cast<Via>(value));
  } else {
    return static_cast<To>(value);
  }
}

// Between numbers that are not decimals: no row can fail.
template <class To, class From>
class NumberCast final : public Node {
 public:
  NumberCast(Type type, NodePtr argument)
      : Node(std::move(type), argument->nullable(), {argument}) {}

  bool is_cheap() const override { return arguments_are_cheap(); }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    DF_ASSIGN_OR_RETURN(ColumnPtr column, arguments()[0]->evaluate(batch, selection, context));
    DF_ASSIGN_OR_RETURN(BufferPtr valid, validity_of(*column));
    Values<From> values(Input{column, false});
    Writer<To> out;
    DF_RETURN_IF_ERROR(out.open(batch.rows));
    for (int64_t i = 0; i < batch.rows; ++i) out.set(i, convert<To>(values[i]));
    std::vector<Input> inputs;
    inputs.push_back({std::move(column), false});
    DF_ASSIGN_OR_RETURN(Nulls nulls, Nulls::of(inputs, batch.rows));
    return out.finish(layout(), batch.rows, nulls);
  }
};

bool is_plain_number(const Type& type) {
  return type.is_integer() || type.is_float() || type.id() == TypeId::kBoolean;
}

NodePtr cast_numbers(const NodePtr& argument, const Type& to) {
  return with_storage(argument->type(), [&](auto from_sample) -> NodePtr {
    return with_storage(to, [&](auto to_sample) -> NodePtr {
      using From = decltype(from_sample);
      using To = decltype(to_sample);
      if constexpr (std::is_arithmetic_v<From> && std::is_arithmetic_v<To>) {
        return std::make_shared<NumberCast<To, From>>(to, argument);
      } else {
        return nullptr;
      }
    });
  });
}

NodePtr cast_to_decimal(const NodePtr& argument, const Type& to) {
  const Type& from = argument->type();
  if (from.id() == TypeId::kDecimal) {
    int scale = from.scale();
    bool always_fits =
        to.scale() >= scale && to.precision() - to.scale() >= from.precision() - scale;
    return make_row_function<Int128, Int128>(
        to, {argument},
        [to, scale](Row& row, Int128 value) -> Int128 {
          auto cast = decimal_to({value, scale}, to);
          if (!cast) row.set_null();
          return cast.value_or(0);
        },
        !always_fits);
  }
  return with_storage(from, [&](auto sample) -> NodePtr {
    using From = decltype(sample);
    if constexpr (std::is_arithmetic_v<From>) {
      return make_row_function<Int128, From>(
          to, {argument},
          [to](Row& row, From value) -> Int128 {
            std::optional<Int128> cast;
            if constexpr (std::is_floating_point_v<From>) {
              cast = double_to_decimal(static_cast<double>(value), to);
            } else {
              cast = decimal_to({static_cast<Int128>(value), 0}, to);
            }
            if (!cast) row.set_null();
            return cast.value_or(0);
          },
          true);
    } else {
      return nullptr;
    }
  });
}

NodePtr cast_from_decimal(const NodePtr& argument, const Type& to) {
  int scale = argument->type().scale();
  return with_storage(to, [&](auto sample) -> NodePtr {
    using To = decltype(sample);
    if constexpr (std::is_arithmetic_v<To>) {
      return make_row_function<To, Int128>(to, {argument}, [scale](Row&, Int128 value) -> To {
        if constexpr (std::is_same_v<To, bool>) {
          (void)scale;
          return value != 0;
        } else if constexpr (std::is_integral_v<To>) {
          return static_cast<To>(decimal_whole({value, scale}));
        } else {
          return static_cast<To>(decimal_to_double({value, scale}));
        }
      });
    } else {
      return nullptr;
    }
  });
}

// Null if there is no such cast.
NodePtr cast_node(const NodePtr& argument, const Type& to, RowFunctionTraits traits) {
  const Type& from = argument->type();
  if (is_plain_number(from) && is_plain_number(to)) return folded(cast_numbers(argument, to));
  if (to.id() == TypeId::kDecimal && (is_plain_number(from) || from.id() == TypeId::kDecimal)) {
    return cast_to_decimal(argument, to);
  }
  if (from.id() == TypeId::kDecimal && is_plain_number(to)) return cast_from_decimal(argument, to);
  if (NodePtr time = cast_time(argument, to, traits)) return time;
  if (NodePtr text = cast_to_text(argument, to)) return text;
  return cast_from_text(argument, to, traits);
}

}  // namespace

Result<NodePtr> bind_cast(NodePtr argument, const Type& to, const CallSite& site,
                          bool faults_are_null) {
  const Type& from = argument->type();
  if (from == to) return argument;
  const Value* literal = argument->literal();
  if (literal != nullptr && literal->is_null()) return make_literal(Value::null(to));
  if (from.id() == TypeId::kNull) return make_literal(Value::null(to));
  RowFunctionTraits traits;
  traits.faults_are_null = faults_are_null;
  DF_ASSIGN_OR_RETURN(NodePtr node, cast_nested(argument, to, site, traits));
  if (node == nullptr && !from.is_nested() && !to.is_nested()) {
    node = cast_node(argument, to, traits);
  }
  if (node == nullptr) {
    bool numeric_time = from.is_numeric() && to.is_timestamp();
    return site.fail("there is no cast from " + from.to_string() + " to " + to.to_string() +
                     (numeric_time ? "; use TO_TIMESTAMP_LTZ(number, 3)" : ""));
  }
  return node;
}

}  // namespace dataflow::expr
