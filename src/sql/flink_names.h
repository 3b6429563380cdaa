// Names and types as Flink reads them: always in backticks, as its list of reserved words is long.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/expression.h"
#include "types/type.h"

namespace dataflow::sql {

std::string flink_name(std::string_view name);
std::string flink_names(const std::vector<std::string>& names);  // (a, b)
std::string flink_type(const Type& type);
// Why Flink cannot call that function; none: it can.
std::optional<std::string> no_flink_function(std::string_view capitals);

// A call that Flink reads in words of its own, over arguments that it reads; none: it is like
// others (flink_calls.cc).
std::optional<std::string> flink_call(const expr::Expression& call);

// Flink tells `A` from `a`; here a name also finds what is spelled otherwise. The names that a
// query can see, those around it last.
class FlinkSpelling {
 public:
  void open(std::vector<std::string> names) { levels_.push_back(std::move(names)); }
  void close() { levels_.pop_back(); }
  std::string of(const std::string& name) const;

 private:
  std::vector<std::vector<std::string>> levels_;
};

}  // namespace dataflow::sql
