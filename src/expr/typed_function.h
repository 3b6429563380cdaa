// Functions that take fixed kinds of arguments, as one line of a family's list.
#pragma once

#include "coercion.h"
#include "row_function.h"

namespace dataflow::expr {

// What a parameter of the C++ type A takes, and the type that it is brought to.
template <class A>
struct Parameter;
template <>
struct Parameter<std::string_view> {
  static constexpr const char* kName = "STRING";
  static Type type() { return Type::string(); }
  static bool takes(const Type& t) { return t.id() == TypeId::kString || t.id() == TypeId::kJson; }
};
template <>
struct Parameter<int64_t> {
  static constexpr const char* kName = "an integer";
  static Type type() { return Type::int64(); }
  static bool takes(const Type& t) { return t.is_integer(); }
};
template <>
struct Parameter<double> {
  static constexpr const char* kName = "a number";
  static Type type() { return Type::float64(); }
  static bool takes(const Type& t) { return t.is_numeric(); }
};
template <>
struct Parameter<bool> {
  static constexpr const char* kName = "BOOLEAN";
  static Type type() { return Type::boolean(); }
  static bool takes(const Type& t) { return t.id() == TypeId::kBoolean; }
};

template <class A>
Status take_parameter(Nodes& arguments, size_t i, const CallSite& site) {
  const Type& own = arguments[i]->type();
  if (own.id() != TypeId::kNull && !Parameter<A>::takes(own)) {
    return site.fail("argument " + std::to_string(i + 1) + " of " + site.expression().name +
                     " must be " + Parameter<A>::kName + ", not " + own.to_string());
  }
  DF_ASSIGN_OR_RETURN(arguments[i], coerced(arguments[i], Parameter<A>::type(), site));
  return {};
}

template <class... A>
Status take_parameters(Nodes& arguments, const CallSite& site) {
  Status status;
  size_t i = 0;
  ((status = status.ok() ? take_parameter<A>(arguments, i, site) : status, ++i), ...);
  return status;
}

// R f(Row&, A...), or void f(Row&, std::string&, A...) with R = Text.
template <class R, class... A, class F>
Binder typed(Type result, F f, bool may_be_null = false) {
  return [result, f, may_be_null](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
    DF_RETURN_IF_ERROR((take_parameters<A...>(arguments, site)));
    return make_row_function<R, A...>(result, std::move(arguments), f, may_be_null);
  };
}

}  // namespace dataflow::expr
