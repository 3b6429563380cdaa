#include "test_values.h"

#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "expr/bound.h"
#include "jobs/run_script.h"
#include "sql/parser.h"
#include "types/batch.h"

namespace dataflow::jobs {
namespace {

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

std::string base64_of(const std::string& bytes) {
  std::string text(base64_size(bytes.size()), '=');
  encode_base64(bytes, text.data());
  return text;
}

std::string list_json(const Value& value) {
  const Type& type = value.type();
  const Value::List& list = value.as_list();
  std::string out;
  const auto add = [&](const std::string& part) { out += (out.empty() ? "" : ",") + part; };
  if (type.id() == TypeId::kArray) {
    for (const Value& each : list) add(json_of(each));
    return "[" + out + "]";
  }
  const auto named = [&](const std::string& name, const Value& of) {
    add(quoted(name) + ":" + json_of(of));
  };
  if (type.id() == TypeId::kRow) {
    for (size_t i = 0; i < list.size(); ++i) named(type.fields()[i].name, list[i]);
  } else {
    for (size_t i = 0; i + 1 < list.size(); i += 2) named(cell_text(list[i]), list[i + 1]);
  }
  return "{" + out + "}";
}

}  // namespace

std::string json_of(const Value& value) {
  if (value.is_null()) return "null";
  const Type& type = value.type();
  switch (type.id()) {
    case TypeId::kBoolean: return value.as_bool() ? "true" : "false";
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kRow: return list_json(value);
    case TypeId::kBytes: return quoted(base64_of(value.as_text()));
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      if (type.precision() <= 3) return std::to_string(value.as_int());
      break;
    case TypeId::kInt8:
    case TypeId::kInt16:
    case TypeId::kInt32:
    case TypeId::kInt64:
    case TypeId::kDecimal: return value.to_string();
    default: break;
  }
  return quoted(cell_text(value));
}

Result<Value> constant_of(const sql::ExpressionPtr& expression, const Type& type,
                          const std::string& script) {
  const auto wrong = [&](const std::string& why) {
    return sql::error_at(script, expression->place, why);
  };
  const Result<expr::BoundPtr> bound = expr::bind(expr::cast(expression, type), Schema());
  if (!bound.ok()) {
    const std::string& words = bound.status().message();
    const std::string line = words.substr(0, words.find('\n'));
    const size_t behind = line.starts_with("line ") ? line.find(": ") : std::string::npos;
    return wrong(behind == std::string::npos ? line : line.substr(behind + 2));
  }
  Batch row;
  row.schema = std::make_shared<const Schema>();
  row.rows = 1;
  expr::EvalContext context;
  DF_ASSIGN_OR_RETURN(const ColumnPtr column, (*bound)->evaluate(row, {}, context));
  if (!context.faults.empty()) return wrong(context.faults.front().reason);
  return value_at((*bound)->type(), *column, 0);
}

}  // namespace dataflow::jobs
