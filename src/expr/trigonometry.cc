// Functions of angles, hyperbolic ones, and constants.
#include <cmath>
#include <numbers>

#include "typed_function.h"

namespace dataflow::expr {

namespace {

void add(FunctionList& list, const char* name, const char* help, double (*f)(double)) {
  list.push_back({{name, std::string(name) + "(number)", help, "math"},
                  1,
                  1,
                  typed<double, double>(Type::float64(), [f](Row&, double x) { return f(x); })});
}

void add_constant(FunctionList& list, const char* name, const char* help, double value) {
  list.push_back({{name, std::string(name) + "()", help, "math"},
                  0,
                  0,
                  [value](const Nodes&, const CallSite&) -> Result<NodePtr> {
                    return make_literal(Value::float64(value));
                  }});
}

}  // namespace

void add_trigonometry(FunctionList& list) {
  add(list, "SIN", "The sine.", std::sin);
  add(list, "COS", "The cosine.", std::cos);
  add(list, "TAN", "The tangent.", std::tan);
  add(list, "COT", "The cotangent.", [](double x) { return 1.0 / std::tan(x); });
  add(list, "ASIN", "The arc sine.", std::asin);
  add(list, "ACOS", "The arc cosine.", std::acos);
  add(list, "ATAN", "The arc tangent.", std::atan);
  add(list, "SINH", "The hyperbolic sine.", std::sinh);
  add(list, "COSH", "The hyperbolic cosine.", std::cosh);
  add(list, "TANH", "The hyperbolic tangent.", std::tanh);
  add(list, "DEGREES", "The angle in degrees, of radians.",
      [](double x) { return x * (180.0 / std::numbers::pi); });
  add(list, "RADIANS", "The angle in radians, of degrees.",
      [](double x) { return x * (std::numbers::pi / 180.0); });
  list.push_back({{"ATAN2", "ATAN2(y, x)", "The angle of the point (x, y).", "math"},
                  2,
                  2,
                  typed<double, double, double>(
                      Type::float64(), [](Row&, double y, double x) { return std::atan2(y, x); })});
  add_constant(list, "PI", "3.14159…", std::numbers::pi);
  add_constant(list, "E", "2.71828…", std::numbers::e);
}

}  // namespace dataflow::expr
