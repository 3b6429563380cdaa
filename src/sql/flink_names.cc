#include "flink_names.h"

#include <algorithm>

#include "same_name.h"

namespace dataflow::sql {

std::string flink_name(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out.push_back('`');
    out.push_back(c);
  }
  return out + "`";
}

std::string flink_names(const std::vector<std::string>& names) {
  std::string out = "(";
  for (const std::string& name : names) out += (out.size() > 1 ? ", " : "") + flink_name(name);
  return out + ")";
}

std::string flink_type(const Type& type) {
  const auto element = [](const Field& field) {
    return flink_type(field.type) + (field.nullable ? "" : " NOT NULL");
  };
  switch (type.id()) {
    case TypeId::kJson: return "STRING";
    case TypeId::kArray: return "ARRAY<" + element(type.fields()[0]) + ">";
    case TypeId::kMap:
      return "MAP<" + flink_type(type.fields()[0].type) + ", " + element(type.fields()[1]) + ">";
    case TypeId::kRow: break;
    default: return type.to_string();
  }
  std::string out = "ROW<";
  for (const Field& field : type.fields()) {
    out += (out.size() > 4 ? ", " : "") + flink_name(field.name) + " " + element(field);
  }
  return out + ">";
}

std::optional<std::string> no_flink_function(std::string_view capitals) {
  if (capitals == "MEDIAN") {
    return "Flink has no MEDIAN; there is PERCENTILE(x, 0.5)";
  }
  if (capitals == "STRING_AGG") return "Flink has no STRING_AGG; there is LISTAGG(text, separator)";
  if (capitals == "DATE_TRUNC") return "Flink has no DATE_TRUNC; there is FLOOR(time TO unit)";
  if (capitals == "SPLIT_PART") return "Flink has no SPLIT_PART; there is SPLIT_INDEX, from 0";
  if (capitals == "TO_CHAR") return "Flink has no TO_CHAR; there is DATE_FORMAT(time, pattern)";
  for (const std::string_view name :
       {"ANY_VALUE",  "AT TIME ZONE",    "BIT_AND",         "BIT_OR",
        "BIT_XOR",    "BOOL_AND",        "BOOL_OR",         "CORR",
        "COVAR_POP",  "COVAR_SAMP",      "EVERY",           "MODE",
        "NTH_VALUE",  "PERCENTILE_CONT", "PERCENTILE_DISC", "REGR_AVGX",
        "REGR_AVGY",  "REGR_COUNT",      "REGR_INTERCEPT",  "REGR_R2",
        "REGR_SLOPE", "REGR_SXX",        "REGR_SXY",        "REGR_SYY",
        "DATE_BIN",   "GENERATE_SERIES", "MAKE_DATE",       "MAKE_TIMESTAMP",
        "RANGE"}) {
    if (capitals == name) return "Flink has no function " + std::string(name);
  }
  return std::nullopt;
}

std::string FlinkSpelling::of(const std::string& name) const {
  for (const std::vector<std::string>& level : levels_) {
    if (std::ranges::find(level, name) != level.end()) return name;
  }
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    const auto found = std::ranges::find_if(
        *level, [&](const std::string& known) { return same_name(known, name); });
    if (found != level->end()) return *found;
  }
  return name;
}

}  // namespace dataflow::sql
