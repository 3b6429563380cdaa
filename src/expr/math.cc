// Functions of numbers.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "decimal_math.h"
#include "decimal_text.h"
#include "registry.h"
#include "time_floor.h"
#include "typed_function.h"

namespace dataflow::expr {

namespace {

void add(FunctionList& list, const char* name, const char* signature, const char* help,
         size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "math"}, least, most, std::move(bind)});
}

void add_double(FunctionList& list, const char* name, const char* help, double (*f)(double)) {
  list.push_back({{name, std::string(name) + "(number)", help, "math"},
                  1,
                  1,
                  typed<double, double>(Type::float64(), [f](Row&, double x) { return f(x); })});
}

Result<Type> number_type(const Nodes& arguments, const CallSite& site) {
  Type type = arguments[0]->type();
  if (type.id() == TypeId::kNull) return Type::float64();
  if (!type.is_numeric()) return site.wrong_types("a number", arguments);
  return type;
}

template <class T>
T absolute(T value) {
  if constexpr (std::is_integral_v<T>) {  // the least integer stays as it is
    using U = std::make_unsigned_t<T>;
    return value < 0 ? static_cast<T>(U(0) - static_cast<U>(value)) : value;
  } else {
    return std::abs(value);
  }
}

// f for each kind of number: integers, floats, decimals (with their type).
template <class F>
Result<NodePtr> per_number(Nodes arguments, const CallSite& site, const F& f) {
  DF_ASSIGN_OR_RETURN(Type type, number_type(arguments, site));
  DF_ASSIGN_OR_RETURN(arguments[0], coerced(arguments[0], type, site));
  return with_storage(type, [&](auto sample) -> Result<NodePtr> {
    using T = decltype(sample);
    if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string_view>) {
      return Status::internal("a number of a strange type");
    } else {
      return f(sample, type, std::move(arguments));
    }
  });
}

Result<NodePtr> bind_abs(Nodes arguments, const CallSite& site) {
  return per_number(std::move(arguments), site,
                    [](auto sample, const Type& type, Nodes nodes) -> Result<NodePtr> {
                      using T = decltype(sample);
                      return make_row_function<T, T>(type, std::move(nodes), [](Row&, T value) {
                        if constexpr (std::is_same_v<T, Int128>)
                          return value < 0 ? -value : value;
                        else
                          return absolute(value);
                      });
                    });
}

Result<NodePtr> bind_sign_of(Nodes arguments, const CallSite& site) {
  return per_number(
      std::move(arguments), site,
      [](auto sample, const Type& type, Nodes nodes) -> Result<NodePtr> {
        using T = decltype(sample);
        T one = 1;
        if constexpr (std::is_same_v<T, Int128>) one = power_of_ten(type.scale());
        // A decimal without whole digits cannot say 1.
        Type result = type.id() == TypeId::kDecimal && type.precision() == type.scale()
                          ? Type::decimal(std::min(type.precision() + 1, kMaxDecimalPrecision),
                                          std::min(type.scale(), kMaxDecimalPrecision - 1))
                          : type;
        if (result.scale() != type.scale()) one = T(one / 10);
        return make_row_function<T, T>(result, std::move(nodes), [one](Row&, T value) -> T {
          if (value > T(0)) return one;
          return value < T(0) ? T(-one) : value;
        });
      });
}

// FLOOR and CEIL keep integers and floats; a decimal loses its scale.
Result<NodePtr> bind_whole(Nodes arguments, bool up, const CallSite& site) {
  if (arguments.size() == 2) return bind_time_rounding(std::move(arguments), up, site);
  return per_number(
      std::move(arguments), site,
      [up](auto sample, const Type& type, Nodes nodes) -> Result<NodePtr> {
        using T = decltype(sample);
        if constexpr (std::is_same_v<T, Int128>) {
          int scale = type.scale();
          Type result = scale == 0 ? type : decimal_rounded(type, 0);
          return make_row_function<T, T>(result, std::move(nodes), [=](Row&, T value) {
            return up ? decimal_ceil({value, scale}) : decimal_floor({value, scale});
          });
        } else if constexpr (std::is_integral_v<T>) {
          return std::move(nodes[0]);
        } else {
          return make_row_function<T, T>(type, std::move(nodes), [up](Row&, T value) {
            return up ? std::ceil(value) : std::floor(value);
          });
        }
      });
}

// Half up, away from zero, `digits` behind the point (before it where negative).
Int128 rounded_decimal(Int128 value, int scale, int64_t digits, int result_scale) {
  if (digits >= scale) return value * power_of_ten(result_scale - scale);
  if (digits < scale - kMaxDecimalPrecision) return 0;
  Int128 power = power_of_ten(static_cast<int>(scale - digits));
  Int128 rest = value % power;
  Int128 kept = value / power;
  if ((rest < 0 ? -rest : rest) >= power - (rest < 0 ? -rest : rest)) kept += value < 0 ? -1 : 1;
  int up = static_cast<int>(result_scale - digits);
  return up > kMaxDecimalPrecision ? 0 : kept * power_of_ten(up);
}

double rounded_double(double value, int64_t digits) {
  if (!std::isfinite(value) || digits > 300) return value;
  if (digits < -308) return 0;
  // As decimal text, so that 2.675 rounds as it is written and not as it is stored.
  auto decimal = double_to_decimal(value, Type::decimal(38, digits < 0    ? 0
                                                            : digits > 18 ? 18
                                                                          : int(digits)));
  if (decimal && digits >= 0 && digits <= 18) {
    return decimal_to_double({*decimal, static_cast<int>(digits)});
  }
  double power = std::pow(10.0, static_cast<double>(digits < 0 ? -digits : digits));
  return digits < 0 ? std::round(value / power) * power : std::round(value * power) / power;
}

Int128 truncated_decimal(Int128 value, int scale, int64_t digits, int result_scale) {
  if (digits >= scale) return value * power_of_ten(result_scale - scale);
  if (digits < scale - kMaxDecimalPrecision) return 0;
  const int up = static_cast<int>(result_scale - digits);
  return up > kMaxDecimalPrecision
             ? 0
             : value / power_of_ten(static_cast<int>(scale - digits)) * power_of_ten(up);
}

// Of the shortest digits that stand for it, as Java does it.
double truncated_double(double value, int64_t digits) {
  if (!std::isfinite(value)) return value;
  char text[400];
  char* end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
  char* point = std::find(text, end, '.');
  if (digits >= 0 && digits >= end - point - 1) return value;
  if (digits > 0) {
    end = point + 1 + digits;
  } else {
    end = point;
    for (char* at = point; digits < 0 && at > text && at[-1] != '-'; ++digits) *--at = '0';
  }
  double out = 0;
  std::from_chars(text, end, out);
  return out;
}

// ROUND and TRUNCATE.
template <bool kCut>
Result<NodePtr> bind_round(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 1) arguments.push_back(make_literal(Value::integer(Type::int32(), 0)));
  if (!arguments[1]->type().is_integer() && arguments[1]->type().id() != TypeId::kNull) {
    return site.wrong_types("a number and how many digits", arguments);
  }
  DF_ASSIGN_OR_RETURN(arguments[1], coerced(arguments[1], Type::int64(), site));
  return per_number(
      std::move(arguments), site,
      [](auto sample, const Type& type, Nodes nodes) -> Result<NodePtr> {
        using T = decltype(sample);
        const Value* digits = nodes[1]->literal();
        if constexpr (std::is_same_v<T, Int128>) {
          bool known = digits != nullptr && !digits->is_null();
          int64_t wanted = known ? std::clamp<int64_t>(digits->as_int(), -38, 38) : type.scale();
          Type result = decimal_rounded(type, static_cast<int>(wanted));
          return make_row_function<T, T, int64_t>(
              result, std::move(nodes),
              [scale = type.scale(), to = result.scale()](Row&, T value, int64_t n) {
                return kCut ? truncated_decimal(value, scale, n, to)
                            : rounded_decimal(value, scale, n, to);
              });
        } else if constexpr (std::is_integral_v<T>) {
          return make_row_function<T, T, int64_t>(
              type, std::move(nodes), [](Row&, T value, int64_t n) {
                if (n >= 0) return value;
                return static_cast<T>(kCut ? truncated_decimal(value, 0, n, 0)
                                           : rounded_decimal(value, 0, n, 0));
              });
        } else {
          return make_row_function<T, T, int64_t>(
              type, std::move(nodes), [](Row&, T value, int64_t n) {
                return static_cast<T>(kCut ? truncated_double(value, n) : rounded_double(value, n));
              });
        }
      });
}

// Of all arguments; NULL if one is.
Result<NodePtr> bind_extreme(Nodes arguments, bool greatest, const CallSite& site) {
  Type type = arguments[0]->type();
  for (const NodePtr& argument : arguments) {
    auto both = common_type(type, argument->type());
    if (!both || both->is_nested()) return site.wrong_types("values that have an order", arguments);
    type = *both;
  }
  if (type.id() == TypeId::kNull) return make_literal(Value());
  DF_ASSIGN_OR_RETURN(arguments, all_coerced(std::move(arguments), type, site));
  return with_storage(type, [&](auto sample) -> Result<NodePtr> {
    using T = decltype(sample);
    // Neighbours are compared in turns, so that many arguments make no deep tree.
    while (arguments.size() > 1) {
      Nodes best;
      for (size_t i = 0; i + 1 < arguments.size(); i += 2) {
        Nodes both = {arguments[i], arguments[i + 1]};
        if constexpr (std::is_same_v<T, std::string_view>) {
          best.push_back(make_row_function<Text, T, T>(
              type, both, [greatest](Row&, std::string& out, T a, T b) {
                out.append(greatest == (a < b) ? b : a);
              }));
        } else {
          best.push_back(make_row_function<T, T, T>(
              type, both, [greatest](Row&, T a, T b) { return greatest == (a < b) ? b : a; }));
        }
      }
      if (arguments.size() % 2 != 0) best.push_back(arguments.back());
      arguments = std::move(best);
    }
    return arguments[0];
  });
}

}  // namespace

void add_math(FunctionList& list) {
  add(list, "ABS", "ABS(number)", "The number without its sign.", 1, 1, bind_abs);
  add(list, "SIGN", "SIGN(number)", "-1, 0 or 1, in the number's type.", 1, 1, bind_sign_of);
  for (bool up : {false, true}) {
    Binder bind = [up](Nodes arguments, const CallSite& site) {
      return bind_whole(std::move(arguments), up, site);
    };
    add(list, up ? "CEIL" : "FLOOR",
        up ? "CEIL(number), CEIL(time TO unit)" : "FLOOR(number), FLOOR(time TO unit)",
        up ? "The next whole number above, or beginning of a unit of time behind."
           : "The next whole number below, or the beginning of the time's unit.",
        1, 2, std::move(bind));
    add(list, up ? "GREATEST" : "LEAST", up ? "GREATEST(value, …)" : "LEAST(value, …)",
        up ? "The largest; NULL if one is NULL." : "The smallest; NULL if one is NULL.", 1,
        kAnyNumber, [up](Nodes arguments, const CallSite& site) {
          return bind_extreme(std::move(arguments), up, site);
        });
  }
  add(list, "ROUND", "ROUND(number [, digits])",
      "Rounded half up (away from zero), to so many digits behind the point.", 1, 2,
      bind_round<false>);
  for (const char* name : {"TRUNCATE", "TRUNC"}) {
    add(list, name, "TRUNCATE(number [, digits])",
        "Without the digits further behind the point than so many.", 1, 2, bind_round<true>);
  }
  for (const char* name : {"POWER", "POW"}) {
    add(list, name, "POWER(number, number)", "The first to the power of the second, as DOUBLE.", 2,
        2, typed<double, double, double>(Type::float64(), [](Row&, double x, double y) {
          return std::pow(x, y);
        }));
  }
  add_double(list, "SQRT", "The square root; NaN of a negative number.", std::sqrt);
  add_double(list, "EXP", "e to the power of the number.", std::exp);
  add_double(list, "LN", "The natural logarithm.", std::log);
  add_double(list, "LOG10", "The logarithm to base 10.", std::log10);
  add_double(list, "LOG2", "The logarithm to base 2.",
             [](double x) { return std::log(x) / std::log(2.0); });
  add(list, "LOG", "LOG([base,] number)", "The logarithm, natural without a base.", 1, 2,
      [](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
        if (arguments.size() == 1) {
          return typed<double, double>(Type::float64(), [](Row&, double x) { return std::log(x); })(
              std::move(arguments), site);
        }
        return typed<double, double, double>(Type::float64(), [](Row&, double base, double x) {
          return std::log(x) / std::log(base);
        })(std::move(arguments), site);
      });
}

}  // namespace dataflow::expr
