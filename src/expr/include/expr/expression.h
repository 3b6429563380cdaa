// Expression: what is to be computed of a row, as a tree of names, values and calls. Unbound: it
// knows no schema. bind() in expr/bound.h gives it types.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "types/value.h"

namespace dataflow::expr {

enum class Kind : uint8_t {
  kColumn,   // name
  kLiteral,  // value
  kCall,     // name(arguments): functions and operators alike ("+", "=", "AND", "LIKE", "IN", …)
  kCast,     // arguments[0] as type; name "TRY_CAST" gives NULL where CAST gives a fault
  kCase,     // arguments: when, then, when, then, …, [else]
  kExtension,  // what only a statement knows: see Extension
};

// Where it stood in the user's text, for messages; line 0: nowhere.
struct Place {
  int line = 0;
  int column = 0;
};

struct Expression;

// What an expression has only within a statement (a subquery, an aggregate's clauses, OVER): made
// and understood by the room that reads statements. bind() refuses it.
class Extension {
 public:
  virtual ~Extension() = default;
  // As SQL would write the expression that it hangs in.
  virtual std::string to_string(const Expression& of) const = 0;
  // Whether that text stands as an operand as it is, like a call's.
  virtual bool is_closed(const Expression& of) const;
};

using ExpressionPtr = std::shared_ptr<const Expression>;

struct Expression {
  Kind kind = Kind::kLiteral;
  std::string name;
  Value value;
  Type type;  // of a cast
  std::vector<ExpressionPtr> arguments;
  Place place;
  std::shared_ptr<const Extension> extension;  // of kExtension

  std::string to_string() const;  // as SQL would write it
};

ExpressionPtr column(std::string name, Place place = {});
ExpressionPtr literal(Value value, Place place = {});
ExpressionPtr call(std::string name, std::vector<ExpressionPtr> arguments, Place place = {});
ExpressionPtr cast(ExpressionPtr value, Type type, Place place = {});

// The versioned plan's form of it; from_json() names what is wrong and where.
std::string to_json(const Expression& expression);
Result<ExpressionPtr> expression_from_json(const std::string& json);

// SQL's expression grammar: what YAML pipelines write in `where:` and `select:`. Statements read
// more, see parser.h. kInvalid shows line, column and a caret.
Result<ExpressionPtr> parse_expression(const std::string& text, Place start = {1, 1});

// The names of the columns that it reads, each once.
std::vector<std::string> columns_of(const Expression& expression);

// Whether a random number is drawn in it: two of the same text are not the same then.
bool is_random(const Expression& expression);

}  // namespace dataflow::expr
