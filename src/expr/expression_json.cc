// The plan's form of an expression. One object a node:
//   {"column": NAME}
//   {"literal": VALUE, "type": TYPE}     VALUE as below; TYPE as SQL writes it
//   {"call": NAME, "arguments": [NODE…]}
//   {"cast": NODE, "type": TYPE}         and "try": true
//   {"case": [WHEN, THEN, …, ELSE?]}
// and in each, where it is known, "at": [LINE, COLUMN]. A VALUE is null; a boolean; a number for
// integers, dates, times, timestamps and intervals (what their column holds) and for finite floats
// (else "NaN", "Infinity", "-Infinity"); "1.50" for decimals; text; {"hex": "00ff"} for bytes and
// for text that is not UTF-8; a list for arrays, rows (fields) and maps (keys and values in turn).
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "decimal_text.h"
#include "expr/expression.h"
#include "expr/operators.h"
#include "utf8.h"

namespace dataflow::expr {

namespace {

using Json = nlohmann::json;

Json text_json(const std::string& text) {
  if (valid_utf8_prefix(text) == text.size()) return text;
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (char c : text) {
    hex.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    hex.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return Json{{"hex", hex}};
}

Json value_json(const Value& value) {
  if (value.is_null()) return nullptr;
  switch (value.type().id()) {
    case TypeId::kBoolean: return value.as_bool();
    case TypeId::kFloat32:
    case TypeId::kFloat64: {
      double number = value.as_double();
      if (std::isnan(number)) return "NaN";
      if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
      return number;
    }
    case TypeId::kDecimal: return decimal_text(value.as_decimal(), value.type().scale());
    case TypeId::kString:
    case TypeId::kBytes:
    case TypeId::kJson: return text_json(value.as_text());
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kRow: {
      Json list = Json::array();
      for (const Value& element : value.as_list()) list.push_back(value_json(element));
      return list;
    }
    default: return value.as_int();
  }
}

Json node_json(const Expression& expression) {
  Json arguments = Json::array();
  for (const ExpressionPtr& argument : expression.arguments) {
    arguments.push_back(node_json(*argument));
  }
  Json node;
  switch (expression.kind) {
    case Kind::kColumn: node = {{"column", expression.name}}; break;
    case Kind::kLiteral:
      node = {{"literal", value_json(expression.value)},
              {"type", expression.value.type().to_string()}};
      break;
    case Kind::kCall: node = {{"call", expression.name}, {"arguments", arguments}}; break;
    case Kind::kCast:
      node = {{"cast", arguments[0]}, {"type", expression.type.to_string()}};
      if (expression.name == "TRY_CAST") node["try"] = true;
      break;
    case Kind::kCase: node = {{"case", arguments}}; break;
    // No plan has one, and from_json() says so.
    case Kind::kExtension: node = {{"extension", expression.to_string()}}; break;
  }
  if (expression.place.line != 0) node["at"] = {expression.place.line, expression.place.column};
  return node;
}

Status wrong(const std::string& path, const std::string& what) {
  return Status::invalid("expression in JSON, at " + (path.empty() ? "its root" : path) + ": " +
                         what);
}

Result<std::string> read_text(const Json& json, const std::string& path) {
  if (json.is_string()) return json.get<std::string>();
  if (!json.is_object() || json.size() != 1 || !json.contains("hex") || !json["hex"].is_string()) {
    return wrong(path, "expected text or {\"hex\": …}");
  }
  const std::string& hex = json["hex"].get_ref<const std::string&>();
  std::string out;
  if (hex.size() % 2 != 0 || hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return wrong(path, "\"hex\" must be pairs of the digits 0-9a-f");
  }
  for (size_t i = 0; i < hex.size(); i += 2) {
    auto digit = [&](size_t at) { return hex[at] <= '9' ? hex[at] - '0' : hex[at] - 'a' + 10; };
    out.push_back(static_cast<char>(digit(i) * 16 + digit(i + 1)));
  }
  return out;
}

Result<Value> read_value(const Json& json, const Type& type, const std::string& path);

Result<Value> read_list(const Json& json, const Type& type, const std::string& path) {
  if (!json.is_array()) return wrong(path, "expected a list for " + type.to_string());
  bool row = type.id() == TypeId::kRow;
  if (row && json.size() != type.fields().size()) {
    return wrong(path, "expected " + std::to_string(type.fields().size()) + " fields");
  }
  if (type.id() == TypeId::kMap && json.size() % 2 != 0) {
    return wrong(path, "expected keys and values in turn");
  }
  Value::List values;
  for (size_t i = 0; i < json.size(); ++i) {
    size_t field = row ? i : type.id() == TypeId::kMap ? i % 2 : 0;
    DF_ASSIGN_OR_RETURN(Value value, read_value(json[i], type.fields()[field].type,
                                                path + "[" + std::to_string(i) + "]"));
    values.push_back(std::move(value));
  }
  return Value::list(type, std::move(values));
}

Result<Value> read_floating(const Json& json, const Type& type, const std::string& path) {
  if (json.is_number()) return Value::floating(type, json.get<double>());
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (json == "NaN") return Value::floating(type, std::numeric_limits<double>::quiet_NaN());
  if (json == "Infinity") return Value::floating(type, kInfinity);
  if (json == "-Infinity") return Value::floating(type, -kInfinity);
  return wrong(path, "expected a number for " + type.to_string());
}

Result<Value> read_integer(const Json& json, const Type& type, const std::string& path) {
  bool fits =
      json.is_number_integer() && (!json.is_number_unsigned() || json.get<uint64_t>() <= INT64_MAX);
  if (!fits) return wrong(path, "expected an integer for " + type.to_string());
  auto value = json.get<int64_t>();
  int bits = type.id() == TypeId::kInt8    ? 8
             : type.id() == TypeId::kInt16 ? 16
             : type.id() == TypeId::kInt64 || type.is_timestamp() || type.id() == TypeId::kMillis ||
                     type.id() == TypeId::kTime
                 ? 64
                 : 32;
  if (bits < 64 && (value < -(int64_t{1} << (bits - 1)) || value >= int64_t{1} << (bits - 1))) {
    return wrong(path, std::to_string(value) + " does not fit " + type.to_string());
  }
  return Value::integer(type, value);
}

Result<Value> read_value(const Json& json, const Type& type, const std::string& path) {
  if (json.is_null()) return type.id() == TypeId::kNull ? Value() : Value::null(type);
  switch (type.id()) {
    case TypeId::kNull: return wrong(path, "a value of type NULL can only be null");
    case TypeId::kBoolean:
      if (!json.is_boolean()) return wrong(path, "expected true or false");
      return Value::boolean(json.get<bool>());
    case TypeId::kFloat32:
    case TypeId::kFloat64: return read_floating(json, type, path);
    case TypeId::kDecimal: {
      auto parsed =
          json.is_string() ? parse_decimal(json.get_ref<const std::string&>()) : std::nullopt;
      if (!parsed || parsed->scale != type.scale() || parsed->precision > type.precision()) {
        return wrong(path, "expected a " + type.to_string() + " as text");
      }
      return Value::decimal(type, parsed->unscaled);
    }
    case TypeId::kString:
    case TypeId::kBytes:
    case TypeId::kJson: {
      DF_ASSIGN_OR_RETURN(std::string text, read_text(json, path));
      return Value::text(type, std::move(text));
    }
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kRow: return read_list(json, type, path);
    default: return read_integer(json, type, path);
  }
}

class Reader {
 public:
  Result<ExpressionPtr> node(const Json& json, const std::string& path, int depth) {
    if (depth > kMaxDepth) return wrong(path, "nested too deeply");
    if (!json.is_object()) return wrong(path, "expected an object");
    auto made = std::make_shared<Expression>();
    DF_RETURN_IF_ERROR(read_place(json, path, *made));
    size_t known = json.contains("at") ? 1 : 0;
    if (json.contains("column")) {
      made->kind = Kind::kColumn;
      DF_RETURN_IF_ERROR(name(json, "column", path, *made));
      known += 1;
    } else if (json.contains("literal")) {
      DF_ASSIGN_OR_RETURN(Type type, read_type(json, path));
      DF_ASSIGN_OR_RETURN(made->value, read_value(json["literal"], type, path + ".literal"));
      known += 2;
    } else if (json.contains("call")) {
      made->kind = Kind::kCall;
      DF_RETURN_IF_ERROR(name(json, "call", path, *made));
      DF_RETURN_IF_ERROR(arguments(json, "arguments", path, depth, *made));
      known += 2;
    } else if (json.contains("cast")) {
      made->kind = Kind::kCast;
      made->name = json.contains("try") && json["try"] == true ? "TRY_CAST" : "CAST";
      DF_ASSIGN_OR_RETURN(made->type, read_type(json, path));
      DF_ASSIGN_OR_RETURN(ExpressionPtr operand, node(json["cast"], path + ".cast", depth + 1));
      made->arguments.push_back(std::move(operand));
      known += json.contains("try") ? 3 : 2;
    } else if (json.contains("case")) {
      made->kind = Kind::kCase;
      DF_RETURN_IF_ERROR(arguments(json, "case", path, depth, *made));
      if (made->arguments.size() < 2) return wrong(path, "\"case\" needs a WHEN and a THEN");
      known += 1;
    } else if (json.contains("extension")) {
      return wrong(path, "what only a statement has, such as a subquery, has no place in a plan");
    } else {
      return wrong(path, "expected one of \"column\", \"literal\", \"call\", \"cast\", \"case\"");
    }
    if (json.size() != known) return wrong(path, "it has a key that does not belong there");
    return ExpressionPtr(std::move(made));
  }

 private:
  static Status name(const Json& json, const char* key, const std::string& path, Expression& out) {
    if (!json[key].is_string()) return wrong(path, std::string("\"") + key + "\" must be text");
    out.name = json[key].get<std::string>();
    return {};
  }

  Status arguments(const Json& json, const char* key, const std::string& path, int depth,
                   Expression& out) {
    if (!json.contains(key) || !json[key].is_array()) {
      return wrong(path, std::string("\"") + key + "\" must be a list");
    }
    for (size_t i = 0; i < json[key].size(); ++i) {
      std::string at = path + "." + key + "[" + std::to_string(i) + "]";
      DF_ASSIGN_OR_RETURN(ExpressionPtr argument, node(json[key][i], at, depth + 1));
      out.arguments.push_back(std::move(argument));
    }
    return {};
  }

  static Result<Type> read_type(const Json& json, const std::string& path) {
    if (!json.contains("type") || !json["type"].is_string()) {
      return wrong(path, "\"type\" must be text");
    }
    const std::string& text = json["type"].get_ref<const std::string&>();
    if (text == "NULL") return Type::null();
    Result<Type> type = parse_type(text);
    if (!type.ok()) return wrong(path + ".type", type.status().message());
    return type;
  }

  static Status read_place(const Json& json, const std::string& path, Expression& out) {
    if (!json.contains("at")) return {};
    const Json& at = json["at"];
    if (!at.is_array() || at.size() != 2 || !at[0].is_number_integer() ||
        !at[1].is_number_integer()) {
      return wrong(path, "\"at\" must be [line, column]");
    }
    out.place = {at[0].get<int>(), at[1].get<int>()};
    return {};
  }
};

}  // namespace

std::string to_json(const Expression& expression) {
  return node_json(expression).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<ExpressionPtr> expression_from_json(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return Status::invalid("expression in JSON: the text is not valid JSON");
  return Reader().node(json, "", 0);
}

}  // namespace dataflow::expr
