#include <algorithm>
#include <array>
#include <cmath>

#include "civil_time.h"
#include "decimal_text.h"
#include "expr/lexer.h"
#include "expr/print.h"
#include "types/number_text.h"

namespace dataflow::expr {

namespace {

// A time that is too far away is shown as the furthest: no text can say it.
int64_t micros_of(const Type& type, int64_t value) {
  return to_micros(type, value).value_or(value < 0 ? -kMostMicros : kMostMicros);
}

std::string cast_text(const std::string& value, const Type& type) {
  return "CAST(" + value + " AS " + type.to_string() + ")";
}

std::string hex_text(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out = "X'";
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out + "'";
}

std::string months_text(int64_t months) {
  std::string sign = months < 0 ? "-" : "";
  int64_t amount = months < 0 ? -months : months;
  if (amount % 12 == 0) return "INTERVAL '" + sign + std::to_string(amount / 12) + "' YEAR";
  if (amount < 12) return "INTERVAL '" + sign + std::to_string(amount) + "' MONTH";
  return "INTERVAL '" + sign + std::to_string(amount / 12) + "-" + std::to_string(amount % 12) +
         "' YEAR TO MONTH";
}

std::string millis_text(int64_t millis) {
  std::string sign = millis < 0 ? "-" : "";
  uint64_t amount = static_cast<uint64_t>(millis);
  if (millis < 0) amount = 0 - amount;
  struct Unit {
    uint64_t millis;
    const char* name;
  };
  for (Unit unit : {Unit{kMillisPerDay, "DAY"}, Unit{kMillisPerHour, "HOUR"},
                    Unit{kMillisPerMinute, "MINUTE"}, Unit{kMillisPerSecond, "SECOND"}}) {
    if (amount % unit.millis == 0 && amount != 0) {
      return "INTERVAL '" + sign + std::to_string(amount / unit.millis) + "' " + unit.name;
    }
  }
  uint64_t days = amount / kMillisPerDay;
  auto within = static_cast<int64_t>(amount % kMillisPerDay);
  if (days == 0 && within < kMillisPerMinute) {
    std::string fraction = std::to_string(1000 + within % 1000).substr(1);
    return "INTERVAL '" + sign + std::to_string(within / 1000) + "." + fraction + "' SECOND";
  }
  return "INTERVAL '" + sign + std::to_string(days) + " " + time_text(within * 1000, 3) +
         "' DAY TO SECOND";
}

std::string floating_to_sql(const Value& value) {
  double number = value.as_double();
  bool single = value.type().id() == TypeId::kFloat32;
  if (!std::isfinite(number)) return cast_text(quoted_text(double_text(number)), value.type());
  std::string text = single ? float_text(static_cast<float>(number)) : double_text(number);
  // Without an exponent it would be a decimal.
  if (text.find('E') == std::string::npos) text += "E0";
  return single ? cast_text(text, value.type()) : text;
}

// What parse_type() does not read.
bool has_null_type(const Type& type) {
  bool has = type.id() == TypeId::kNull;
  for (const Field& field : type.fields()) has = has || has_null_type(field.type);
  return has;
}

std::string list_to_sql(const Value& value) {
  const Type& type = value.type();
  if (value.as_list().empty() && type.id() != TypeId::kRow && !has_null_type(type)) {
    return cast_text(type.id() == TypeId::kArray ? "ARRAY[]" : "MAP[]", type);
  }
  const char* open = type.id() == TypeId::kArray ? "ARRAY["
                     : type.id() == TypeId::kMap ? "MAP["
                                                 : "ROW(";
  std::string out = open;
  for (const Value& element : value.as_list()) {
    if (out.size() > std::string_view(open).size()) out += ", ";
    out += value_to_sql(element);
  }
  return out + (type.id() == TypeId::kRow ? ")" : "]");
}

// Reserved words behind which parentheses make a call.
constexpr std::array<std::string_view, 12> kCallable = {
    "ARRAY",     "MAP",           "ROW",          "DATE",         "TIME",
    "TIMESTAMP", "INTERVAL",      "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP",
    "LOCALTIME", "LOCALTIMESTAMP"};
// Words that are no reserved ones, and no calls either.
constexpr std::array<std::string_view, 5> kOperators = {"ANY", "SOME", "DIV", "ILIKE", "TRY_CAST"};

bool is_plain_word(std::string_view name) {
  bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9') && name[0] != '$';
  for (char c : name) {
    plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '$');
  }
  return plain;
}

std::string in_backticks(std::string_view name) {
  std::string out = "`";
  for (char c : name) {
    if (c == '`') out.push_back('`');
    out.push_back(c);
  }
  return out + "`";
}

}  // namespace

std::string double_text(double value) {
  char text[kMaxJavaNumberChars];
  return std::string(text, write_java_double(text, value));
}

std::string float_text(float value) {
  char text[kMaxJavaNumberChars];
  return std::string(text, write_java_float(text, value));
}

std::string quoted_text(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') out.push_back('\'');
    out.push_back(c);
  }
  return out + "'";
}

std::string name_to_sql(std::string_view name) {
  const bool taken = is_reserved(in_capitals(name)) || in_capitals(name) == "CURRENT_ROW_TIMESTAMP";
  return is_plain_word(name) && !taken ? std::string(name) : in_backticks(name);
}

std::string function_to_sql(std::string_view name) {
  const std::string word = in_capitals(name);
  const bool callable = std::ranges::find(kCallable, word) != kCallable.end();
  const bool taken = is_reserved(word) || std::ranges::find(kOperators, word) != kOperators.end();
  return is_plain_word(name) && (callable || !taken) ? std::string(name) : in_backticks(name);
}

std::string value_to_sql(const Value& value) {
  const Type& type = value.type();
  if (value.is_null()) return type.id() == TypeId::kNull ? "NULL" : cast_text("NULL", type);
  switch (type.id()) {
    case TypeId::kNull: return "NULL";
    case TypeId::kBoolean: return value.as_bool() ? "TRUE" : "FALSE";
    case TypeId::kInt8:
    case TypeId::kInt16: return cast_text(std::to_string(value.as_int()), type);
    case TypeId::kInt32: return std::to_string(value.as_int());
    case TypeId::kInt64: {
      bool small = value.as_int() >= INT32_MIN && value.as_int() <= INT32_MAX;
      std::string text = std::to_string(value.as_int());
      return small ? cast_text(text, type) : text;
    }
    case TypeId::kFloat32:
    case TypeId::kFloat64: return floating_to_sql(value);
    case TypeId::kDecimal: {
      std::string text = decimal_text(value.as_decimal(), type.scale());
      if (type.scale() == 0) text += ".";
      auto read = parse_decimal(text);
      return read && read->precision == type.precision() ? text : cast_text(text, type);
    }
    case TypeId::kString: return quoted_text(value.as_text());
    case TypeId::kBytes: return hex_text(value.as_text());
    case TypeId::kJson: return cast_text(quoted_text(value.as_text()), type);
    case TypeId::kDate: return "DATE '" + date_text(value.as_int()) + "'";
    case TypeId::kTime:
      return "TIME '" + time_text(micros_of(type, value.as_int()), type.precision()) + "'";
    case TypeId::kTimestamp:
      return "TIMESTAMP '" + timestamp_text(micros_of(type, value.as_int()), type.precision()) +
             "'";
    case TypeId::kTimestampTz:
      return cast_text(
          "TIMESTAMP '" + timestamp_text(micros_of(type, value.as_int()), type.precision()) + "'",
          type);
    case TypeId::kMonths: return months_text(value.as_int());
    case TypeId::kMillis: return millis_text(value.as_int());
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kRow: return list_to_sql(value);
  }
  return "NULL";
}

}  // namespace dataflow::expr
