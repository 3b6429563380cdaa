// Expression::to_string(): SQL with as few parentheses as parse_expression() needs to make the same
// tree of it.
#include "expr/expression.h"
#include "expr/operators.h"
#include "expr/print.h"
#include "time_units.h"

namespace dataflow::expr {

namespace {

struct Printed {
  std::string text;
  Binding binding = Binding::kPrimary;
};

Printed print(const Expression& expression);

std::string operand(const Expression& expression, Binding least) {
  return operand_to_sql(expression, least);
}

std::string listed(const Expression& expression, size_t from) {
  std::string out;
  for (size_t i = from; i < expression.arguments.size(); ++i) {
    if (i > from) out += ", ";
    out += operand(*expression.arguments[i], Binding::kOr);
  }
  return out;
}

bool is_text(const Expression& expression) {
  return expression.kind == Kind::kLiteral && !expression.value.is_null() &&
         expression.value.type().id() == TypeId::kString;
}

// Of what TRIM takes away.
bool is_side(const Expression& expression) {
  if (!is_text(expression)) return false;
  const std::string& word = expression.value.as_text();
  return word == "LEADING" || word == "TRAILING" || word == "BOTH";
}

Printed print_infix(const Expression& e, Binding binding) {
  bool chain = binding <= Binding::kAnd;
  std::string out = operand(*e.arguments[0], chain ? next(binding) : binding);
  for (size_t i = 1; i < e.arguments.size(); ++i) {
    out += " " + e.name + " " + operand(*e.arguments[i], next(binding));
  }
  return {out, binding};
}

// x [NOT] BETWEEN a AND b, IN (…), LIKE p [ESCAPE e], as are ILIKE and SIMILAR TO.
bool print_range(const Expression& e, Printed& out) {
  size_t n = e.arguments.size();
  std::string name = e.name.rfind("NOT ", 0) == 0 ? e.name.substr(4) : e.name;
  bool between = (name == "BETWEEN" || name == "BETWEEN SYMMETRIC") && n == 3;
  bool in = name == "IN" && n >= 2;
  bool pattern = (name == "LIKE" || name == "ILIKE" || name == "SIMILAR TO") && (n == 2 || n == 3);
  if (!between && !in && !pattern) return false;
  out.binding = Binding::kRange;
  out.text = operand(*e.arguments[0], Binding::kRange) + " " + e.name + " ";
  if (in) {
    out.text += "(" + listed(e, 1) + ")";
    return true;
  }
  out.text += operand(*e.arguments[1], Binding::kSum);
  if (n == 3) {
    out.text +=
        std::string(between ? " AND " : " ESCAPE ") + operand(*e.arguments[2], Binding::kSum);
  }
  return true;
}

// (a, b) OVERLAPS (c, d), x AT TIME ZONE z, (a - b) unit.
bool print_period(const Expression& e, Printed& out) {
  const auto whole = [&](size_t i) { return operand(*e.arguments[i], Binding::kOr); };
  const size_t n = e.arguments.size();
  if (e.name == "OVERLAPS" && n == 4) {
    out = {"(" + whole(0) + ", " + whole(1) + ") OVERLAPS (" + whole(2) + ", " + whole(3) + ")",
           Binding::kRange};
  } else if (e.name == "AT TIME ZONE" && n == 2) {
    out = {operand(*e.arguments[0], Binding::kPostfix) + " AT TIME ZONE " +
               operand(*e.arguments[1], Binding::kPrimary),
           Binding::kPostfix};
  } else if (e.name == "DIFFERENCE" && n == 3 && is_text(*e.arguments[0]) &&
             is_difference_unit(e.arguments[0]->value.as_text())) {
    out.text = "(" + operand(*e.arguments[1], Binding::kSum) + " - " +
               operand(*e.arguments[2], next(Binding::kSum)) + ") " +
               e.arguments[0]->value.as_text();
  } else {
    return false;
  }
  return true;
}

// What stands between the parentheses of a call that makes JSON: `from` is the first value, and
// `usual` what NULLs are where the call does not say it.
std::string json_arguments(const Expression& e, size_t from, bool object, const std::string& word,
                           const std::string& usual) {
  std::string out;
  const size_t end = e.arguments.size() - (from == 0 && !word.empty() ? 1 : 0);
  for (size_t i = from; i < end; i += object ? 2 : 1) {
    if (i > from) out += ", ";
    if (object) out += "KEY " + operand(*e.arguments[i], Binding::kOr) + " VALUE ";
    out += operand(*e.arguments[object ? i + 1 : i], Binding::kOr);
  }
  if (word.empty() || word == usual) return out;
  return out + (out.empty() ? "" : " ") + word + " ON NULL";
}

// NULL or ABSENT, where the argument is one of these.
std::string on_null_of(const Expression& e, size_t at) {
  if (at >= e.arguments.size() || !is_text(*e.arguments[at])) return "";
  const std::string& word = e.arguments[at]->value.as_text();
  return word == "NULL" || word == "ABSENT" ? word : "";
}

// Calls that SQL writes with words or brackets.
bool print_special(const Expression& e, std::string& out) {
  size_t n = e.arguments.size();
  auto text = [&](size_t i) { return e.arguments[i]->value.as_text(); };
  auto whole = [&](size_t i) { return operand(*e.arguments[i], Binding::kOr); };
  // A number would take a point behind it, or a sign in front of it, as its own.
  auto held = [&] {
    const bool literal = e.arguments[0]->kind == Kind::kLiteral;
    return literal ? "(" + whole(0) + ")" : operand(*e.arguments[0], Binding::kPostfix);
  };
  if (e.name == "ITEM" && n == 2) {
    out = held() + "[" + whole(1) + "]";
  } else if (e.name == "FIELD" && n == 2 && is_text(*e.arguments[1])) {
    out = held() + "." + name_to_sql(text(1));
  } else if (e.name == "ARRAY" || (e.name == "MAP" && n % 2 == 0)) {
    out = e.name + "[" + listed(e, 0) + "]";
  } else if (e.name == "EXTRACT" && n == 2 && is_text(*e.arguments[0])) {
    out = "EXTRACT(" + text(0) + " FROM " + whole(1) + ")";
  } else if ((e.name == "FLOOR" || e.name == "CEIL") && n == 2 && is_text(*e.arguments[1])) {
    out = e.name + "(" + whole(0) + " TO " + text(1) + ")";
  } else if (e.name == "TRIM" && n == 3 && is_side(*e.arguments[0])) {
    out = "TRIM(" + text(0) + " " + whole(1) + " FROM " + whole(2) + ")";
  } else if ((e.name == "TIMESTAMPADD" || e.name == "TIMESTAMPDIFF") && n == 3 &&
             is_text(*e.arguments[0])) {
    out = e.name + "(" + text(0) + ", " + listed(e, 1) + ")";
  } else if (n == 0 && (e.name.rfind("CURRENT_", 0) == 0 || e.name.rfind("LOCALTIME", 0) == 0)) {
    out = e.name;
  } else {
    return false;
  }
  return true;
}

Printed print_call(const Expression& e) {
  size_t n = e.arguments.size();
  // a DIV b is read as a cast of a / b.
  Binding binding = e.name == "DIV" ? Binding::kNone : binary_binding(e.name);
  const bool chain = binding != Binding::kNone && binding <= Binding::kAnd;
  if (binding != Binding::kNone && (n == 2 || (chain && n > 2))) return print_infix(e, binding);
  if ((e.name == "-" || e.name == "+") && n == 1) {
    // "--" would begin a comment, and "-5" is a literal.
    const Expression& inner = *e.arguments[0];
    std::string text = operand(inner, Binding::kPostfix);
    bool bare = inner.kind == Kind::kLiteral && inner.value.type().is_numeric();
    return {bare ? e.name + "(" + text + ")" : e.name + text, Binding::kSign};
  }
  if (e.name == "NOT" && n == 1) {
    return {"NOT " + operand(*e.arguments[0], Binding::kNot), Binding::kNot};
  }
  if (is_postfix_test(e.name) && n == 1) {
    return {operand(*e.arguments[0], Binding::kIs) + " " + e.name, Binding::kIs};
  }
  Printed out;
  if (print_range(e, out) || print_period(e, out)) return out;
  if (print_special(e, out.text)) return {out.text, Binding::kPrimary};
  return {function_to_sql(e.name) + "(" + arguments_to_sql(e) + ")", Binding::kPrimary};
}

Printed print(const Expression& e) {
  switch (e.kind) {
    case Kind::kColumn: return {name_to_sql(e.name), Binding::kPrimary};
    case Kind::kLiteral: {
      std::string text = value_to_sql(e.value);
      return {text, text[0] == '-' ? Binding::kSign : Binding::kPrimary};
    }
    case Kind::kCall: return print_call(e);
    case Kind::kCast:
      return {(e.name == "TRY_CAST" ? "TRY_CAST(" : "CAST(") +
                  operand(*e.arguments[0], Binding::kOr) + " AS " + e.type.to_string() + ")",
              Binding::kPrimary};
    case Kind::kExtension:
      return {e.extension->to_string(e),
              e.extension->is_closed(e) ? Binding::kPrimary : Binding::kComparison};
    case Kind::kCase: break;
  }
  std::string out = "CASE";
  size_t i = 0;
  for (; i + 1 < e.arguments.size(); i += 2) {
    out += " WHEN " + operand(*e.arguments[i], Binding::kOr) + " THEN " +
           operand(*e.arguments[i + 1], Binding::kOr);
  }
  if (i < e.arguments.size()) out += " ELSE " + operand(*e.arguments[i], Binding::kOr);
  return {out + " END", Binding::kPrimary};
}

}  // namespace

std::string operand_to_sql(const Expression& expression, Binding least) {
  Printed printed = print(expression);
  if (printed.binding >= least) return printed.text;
  return "(" + printed.text + ")";
}

std::string arguments_to_sql(const Expression& e) {
  const size_t n = e.arguments.size();
  if (e.name == "JSON_OBJECT" && n % 2 == 1 && !on_null_of(e, 0).empty()) {
    return json_arguments(e, 1, true, on_null_of(e, 0), "NULL");
  }
  if (e.name == "JSON_ARRAY" && !on_null_of(e, 0).empty()) {
    return json_arguments(e, 1, false, on_null_of(e, 0), "ABSENT");
  }
  if (e.name == "JSON_OBJECTAGG" && (n == 2 || (n == 3 && !on_null_of(e, 2).empty()))) {
    return json_arguments(e, 0, true, on_null_of(e, 2), "NULL");
  }
  if (e.name == "JSON_ARRAYAGG" && n == 2 && !on_null_of(e, 1).empty()) {
    return json_arguments(e, 0, false, on_null_of(e, 1), "ABSENT");
  }
  return listed(e, 0);
}

std::string Expression::to_string() const { return print(*this).text; }

}  // namespace dataflow::expr
