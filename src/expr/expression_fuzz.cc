// Any bytes: what parses prints as a text that parses to the same, and survives its JSON form.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "expr/bound.h"

using dataflow::expr::ExpressionPtr;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  auto parsed = dataflow::expr::parse_expression(text);
  if (!parsed.ok()) return 0;
  std::string printed = (*parsed)->to_string();
  auto again = dataflow::expr::parse_expression(printed);
  // Parentheses that printing adds may pass the limit of depth.
  if (again.ok() && (*again)->to_string() != printed) std::abort();
  auto back = dataflow::expr::expression_from_json(dataflow::expr::to_json(**parsed));
  if (!back.ok() || (*back)->to_string() != printed) std::abort();
  static const dataflow::Schema kSchema({{"a", dataflow::Type::int32()},
                                         {"b", dataflow::Type::string()},
                                         {"t", dataflow::Type::timestamp(3)}});
  (void)dataflow::expr::bind(*parsed, kSchema).ok();
  return 0;
}
