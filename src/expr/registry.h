// The functions and operators that expressions can call, by name. A family of them is one file with
// one list.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "node.h"

namespace dataflow::expr {

// A call as it stands in the expression: for messages.
class CallSite {
 public:
  explicit CallSite(const Expression& expression) : expression_(expression) {}

  const Expression& expression() const { return expression_; }
  // kInvalid: the place, what is wrong, the expression.
  Status fail(const std::string& what) const;
  // "UPPER takes (STRING), not (INT)".
  Status wrong_types(const std::string& takes, const Nodes& arguments) const;

 private:
  const Expression& expression_;
};

using Binder = std::function<Result<NodePtr>(Nodes arguments, const CallSite& site)>;

struct Function {
  FunctionInfo info;
  size_t least = 0;  // arguments
  size_t most = 0;   // kAnyNumber: no limit
  Binder bind;
};
inline constexpr size_t kAnyNumber = static_cast<size_t>(-1);
using FunctionList = std::vector<Function>;

// kInvalid with the nearest name.
Result<const Function*> find_function(const std::string& name, const CallSite& site);

// The families.
void add_arithmetic(FunctionList& list);
void add_comparison(FunctionList& list);
void add_logic(FunctionList& list);
void add_conditional(FunctionList& list);
void add_math(FunctionList& list);
void add_string(FunctionList& list);
void add_time(FunctionList& list);
void add_collections(FunctionList& list);
void add_trigonometry(FunctionList& list);
void add_random(FunctionList& list);
void add_string_parts(FunctionList& list);
void add_string_codes(FunctionList& list);
void add_regexp(FunctionList& list);
void add_url(FunctionList& list);

// CASE, and casts, which the syntax knows by itself. Arguments are bound and not yet coerced.
Result<NodePtr> bind_case(Nodes arguments, const CallSite& site);
// `name` is CAST, TRY_CAST, or empty for one that nobody wrote.
Result<NodePtr> bind_cast(NodePtr argument, const Type& to, const CallSite& site,
                          bool faults_are_null);

}  // namespace dataflow::expr
