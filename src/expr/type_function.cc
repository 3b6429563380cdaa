// Functions that go by their argument's type: TYPEOF, and what casts to types with a length, or
// without one, stand for.
#include <algorithm>
#include <string>
#include <string_view>

#include "comparison.h"
#include "decimal_text.h"
#include "text_forms.h"
#include "typed_function.h"

namespace dataflow::expr {

namespace {

// Where nothing says how many digits a number has: as much room on both sides of the point.
constexpr int kMostDigits = 38;
constexpr int kScale = 18;

std::string flink_spelling(const Type& type, bool nullable) {
  std::string out;
  switch (type.id()) {
    case TypeId::kNull: return "NULL";
    case TypeId::kJson: out = "STRING"; break;
    case TypeId::kMonths: out = "INTERVAL MONTH"; break;
    case TypeId::kMillis: out = "INTERVAL SECOND(3)"; break;
    case TypeId::kArray:
      out = "ARRAY<" + flink_spelling(type.element(), type.fields()[0].nullable) + ">";
      break;
    case TypeId::kMap:
      // A key is never NULL; Flink says so of literals only.
      out = "MAP<" + flink_spelling(type.fields()[0].type, true) + ", " +
            flink_spelling(type.fields()[1].type, type.fields()[1].nullable) + ">";
      break;
    case TypeId::kRow:
      out = "ROW<";
      for (const Field& field : type.fields()) {
        std::string name;
        for (const char c : field.name) name += c == '`' ? "``" : std::string(1, c);
        if (out.size() > 4) out += ", ";
        out += "`" + name + "` " + flink_spelling(field.type, field.nullable);
      }
      out += ">";
      break;
    default: out = type.to_string(); break;
  }
  return nullable ? out : out + " NOT NULL";
}

Result<NodePtr> bind_typeof(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 2 && arguments[1]->type().id() != TypeId::kBoolean) {
    return site.fail("argument 2 of TYPEOF must be BOOLEAN");
  }
  return make_literal(
      Value::string(flink_spelling(arguments[0]->type(), arguments[0]->nullable())));
}

// A constant says itself how many digits it has.
Type numeric_type_of(const Node& argument) {
  const Type& type = argument.type();
  if (type.is_integer() || type.id() == TypeId::kDecimal) return as_decimal(type);
  const Value* constant = argument.literal();
  if (constant != nullptr && !constant->is_null() && type.id() == TypeId::kString) {
    if (const auto parsed = parse_decimal(constant->as_text())) {
      return Type::decimal(std::max(parsed->precision, parsed->scale), parsed->scale);
    }
  }
  return Type::decimal(kMostDigits, kScale);
}

// Where the cast is NULL although the value is not, it did not fit.
Result<NodePtr> bind_numeric(Nodes arguments, const CallSite& site) {
  const NodePtr value = arguments[0];
  const Type to = numeric_type_of(*value);
  DF_ASSIGN_OR_RETURN(NodePtr cast, bind_cast(value, to, site, false));
  const bool may_overflow = value->type().is_float() || value->type().id() == TypeId::kString;
  if (!may_overflow) return cast;
  const std::string words =
      "the number has more digits than " + to.to_string() + "; cast it to a DECIMAL that it fits";
  if (const Value* constant = value->literal()) {
    const bool lost = cast->literal() != nullptr && cast->literal()->is_null();
    if (lost && !constant->is_null()) return site.fail(words);
    return cast;
  }
  DF_ASSIGN_OR_RETURN(const Function* checked, find_function("$CHECKED", site));
  const auto test = [&](const char* name, NodePtr of) -> Result<NodePtr> {
    DF_ASSIGN_OR_RETURN(const Function* function, find_function(name, site));
    return function->bind({std::move(of)}, site);
  };
  DF_ASSIGN_OR_RETURN(NodePtr was_null, test("IS NULL", value));
  DF_ASSIGN_OR_RETURN(NodePtr fits, test("IS NOT NULL", cast));
  return checked->bind(
      {cast, make_or({std::move(was_null), std::move(fits)}), make_literal(Value::string(words))},
      site);
}

// BINARY(n) is always n bytes long; VARBINARY(n) no longer.
Result<NodePtr> bind_bytes(Nodes arguments, const CallSite& site, bool pads) {
  const Value* length = arguments[1]->literal();
  const bool known = length != nullptr && !length->is_null() && length->type().is_integer();
  if (!known || length->as_int() < 0) return site.fail("a length is a constant, 0 or more");
  const TypeId id = arguments[0]->type().id();
  if (id != TypeId::kBytes && id != TypeId::kNull) {
    return site.wrong_types("bytes and a length", arguments);
  }
  const auto count = static_cast<size_t>(length->as_int());
  arguments.pop_back();
  if (id == TypeId::kNull) return make_literal(Value::null(Type::bytes()));
  return make_row_function<Text, std::string_view>(
      Type::bytes(), std::move(arguments),
      [count, pads](Row& row, std::string& out, std::string_view bytes) {
        out.append(bytes.substr(0, count));
        if (!pads || bytes.size() >= count) return;
        if (row.has_room(out, count - bytes.size())) out.append(count - bytes.size(), '\0');
      });
}

void add(FunctionList& list, const char* name, const char* signature, const char* help,
         size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "conversion"}, least, most, std::move(bind)});
}

}  // namespace

void add_types(FunctionList& list) {
  add(list, "TYPEOF", "TYPEOF(value)",
      "The type that Flink calls so, with NOT NULL where it cannot be NULL. Texts and bytes are "
      "STRING and BYTES, whatever their length.",
      1, 2, bind_typeof);
  add(list, "NUMERIC", "value::NUMERIC, NUMERIC(value)",
      "PostgreSQL's cast without a length: all digits of an integer, a decimal, a constant text; "
      "20 "
      "before the point and 18 behind it of others, and a fault of more.",
      1, 1, bind_numeric);
  for (const bool pads : {true, false}) {
    add(list, pads ? "BINARY" : "VARBINARY",
        pads ? "CAST(value AS BINARY(length))" : "CAST(value AS VARBINARY(length))",
        pads ? "The first bytes, so many; zeros are put behind fewer."
             : "The first bytes, so many at most.",
        2, 2, [pads](Nodes arguments, const CallSite& site) {
          return bind_bytes(std::move(arguments), site, pads);
        });
  }
}

}  // namespace dataflow::expr
