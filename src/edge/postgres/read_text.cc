#include <charconv>
#include <cmath>
#include <string>

#include "base/lower_case.h"
#include "expr/interval_text.h"
#include "read_array.h"
#include "read_value.h"
#include "sql_state.h"
#include "type_map.h"
#include "types/decimal.h"
#include "types/temporal.h"

namespace dataflow::postgres {
namespace {

constexpr size_t kShownBytes = 100;

std::string shown(std::string_view text) {
  if (text.size() <= kShownBytes) return "\"" + std::string(text) + "\"";
  size_t end = kShownBytes;
  while ((static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;  // not within a character
  return "\"" + std::string(text.substr(0, end)) + "…\"";
}

Status wrong(const Type& type, std::string_view text, SqlState state = SqlState::kInvalidText) {
  return sql_error(state, "invalid input syntax for type " + type.to_string() + ": " + shown(text));
}

Status out_of_range(const Type& type, std::string_view text) {
  return sql_error(SqlState::kOutOfRange,
                   "value " + shown(text) + " is out of range for type " + type.to_string());
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\r\v\f";
  const size_t from = text.find_first_not_of(kBlanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlanks) - from + 1);
}

Result<Value> read_bool(std::string_view text) {
  const std::string word = lower_case(text);
  for (const char* yes : {"t", "true", "y", "yes", "on", "1"}) {
    if (word == yes) return Value::boolean(true);
  }
  for (const char* no : {"f", "false", "n", "no", "off", "0"}) {
    if (word == no) return Value::boolean(false);
  }
  return wrong(Type::boolean(), text);
}

Result<Value> read_int(const Type& type, std::string_view text) {
  int64_t value = 0;
  std::string_view digits = text;
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  const char* const to = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), to, value);
  if (error == std::errc::invalid_argument || end != to) return wrong(type, text);
  const auto bits = static_cast<int>(8 * fixed_width_of(type));
  const bool fits =
      bits == 64 || (value >= -(int64_t{1} << (bits - 1)) && value < (int64_t{1} << (bits - 1)));
  if (error != std::errc() || !fits) return out_of_range(type, text);
  return Value::integer(type, value);
}

Result<Value> read_float(const Type& type, std::string_view text) {
  const std::string word = lower_case(text);
  std::string_view digits = word;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  double value = 0;
  if (digits == "nan") {
    value = NAN;
  } else if (digits == "infinity" || digits == "inf") {
    value = INFINITY;
  } else {
    if (digits.empty() || digits[0] == '-' || digits[0] == 'i' || digits[0] == 'n') {
      return wrong(type, text);
    }
    const char* const to = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), to, value);
    if (error == std::errc::invalid_argument || end != to) return wrong(type, text);
    const bool fits = type.id() == TypeId::kFloat64 || std::isfinite(static_cast<float>(value));
    if (error != std::errc() || !fits) return out_of_range(type, text);
  }
  return Value::floating(type, negative ? -value : value);
}

Result<Value> read_decimal(const Type& type, std::string_view text) {
  Int128 unscaled = 0;
  switch (parse_decimal(text, type.precision(), type.scale(), unscaled)) {
    case DecimalParse::kOk: return Value::decimal(type, unscaled);
    case DecimalParse::kTooLarge: return out_of_range(type, text);
    default: return wrong(type, text);
  }
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// \x0aff, or PostgreSQL's old form: bytes as they are, \\ and \ooo.
Result<Value> read_bytes(std::string_view text) {
  std::string bytes;
  if (text.starts_with("\\x")) {
    for (size_t i = 2; i < text.size(); i += 2) {
      const int high = nibble(text[i]);
      const int low = i + 1 < text.size() ? nibble(text[i + 1]) : -1;
      if (high < 0 || low < 0) return wrong(Type::bytes(), text);
      bytes += static_cast<char>(high << 4 | low);
    }
    return Value::text(Type::bytes(), std::move(bytes));
  }
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
    } else if (text.substr(i).starts_with("\\\\")) {
      bytes += text[i++];
    } else {
      const std::string_view octal = text.substr(i + 1, 3);
      unsigned byte = 0;
      const auto [end, error] = std::from_chars(octal.data(), octal.data() + octal.size(), byte, 8);
      if (octal.size() < 3 || error != std::errc() || end != octal.data() + 3 || byte > 255) {
        return wrong(Type::bytes(), text);
      }
      bytes += static_cast<char>(byte);
      i += 3;
    }
  }
  return Value::text(Type::bytes(), std::move(bytes));
}

// A wall clock has no zone: one that is given is passed over, as PostgreSQL does.
std::string_view without_zone(std::string_view text) {
  const size_t clock = text.find(':');
  if (clock == std::string_view::npos) return text;
  return trimmed(text.substr(0, text.find_first_of("+-Zz", clock)));
}

// "2026-01-31 12:00:00 +01" has a blank more than ours.
std::string with_zone_close(std::string_view text) {
  std::string out(text);
  const size_t sign = out.find_last_of("+-Zz");
  if (sign != std::string::npos && sign > 10 && out[sign - 1] == ' ') out.erase(sign - 1, 1);
  if (!out.empty() && out.back() == 'z') out.back() = 'Z';
  return out;
}

Result<Value> read_temporal(const Type& type, std::string_view text) {
  int64_t value = 0;
  bool good = false;
  switch (type.id()) {
    case TypeId::kDate:
      // A moment's day is taken too.
      good = parse_date(text.substr(0, text.find_first_of(" T")), value);
      break;
    case TypeId::kTime: good = parse_time(without_zone(text), type, value); break;
    case TypeId::kTimestamp: good = parse_timestamp(without_zone(text), type, value); break;
    default: good = parse_timestamp(with_zone_close(text), type, value); break;
  }
  if (!good) return wrong(type, text, SqlState::kInvalidDatetime);
  return Value::integer(type, value);
}

Result<Value> read_interval(const Type& type, std::string_view text) {
  const std::optional<expr::IntervalParts> interval = expr::parse_interval_text(text);
  if (!interval) return wrong(type, text, SqlState::kInvalidDatetime);
  if (type.id() == TypeId::kMonths) {
    if (interval->millis != 0 || interval->months != static_cast<int32_t>(interval->months)) {
      return out_of_range(type, text);
    }
    return Value::integer(type, interval->months);
  }
  if (interval->months != 0) return out_of_range(type, text);
  return Value::integer(type, interval->millis);
}

Result<Value> read_array(const Type& type, std::string_view text) {
  std::vector<ArrayElement> elements;
  if (!split_array(text, elements)) {
    return sql_error(SqlState::kInvalidText, "malformed array literal: " + shown(text));
  }
  Value::List list;
  list.reserve(elements.size());
  for (const ArrayElement& element : elements) {
    if (!element.has_value()) {
      list.push_back(Value::null(type.element()));
      continue;
    }
    DF_ASSIGN_OR_RETURN(Value value, read_value_text(type.element(), *element));
    list.push_back(std::move(value));
  }
  return Value::list(type, std::move(list));
}

}  // namespace

Result<Value> read_value_text(const Type& type, std::string_view text) {
  // Whatever the type: an error shows it.
  if (!is_utf8(text)) {
    return sql_error(SqlState::kInvalidEncoding, "a text is not valid UTF-8");
  }
  switch (type.id()) {
    case TypeId::kNull:
    case TypeId::kString:
    case TypeId::kJson:
      return Value::text(type.id() == TypeId::kNull ? Type::string() : type, std::string(text));
    case TypeId::kBytes: return read_bytes(text);
    case TypeId::kBoolean: return read_bool(trimmed(text));
    case TypeId::kInt8:
    case TypeId::kInt16:
    case TypeId::kInt32:
    case TypeId::kInt64: return read_int(type, trimmed(text));
    case TypeId::kFloat32:
    case TypeId::kFloat64: return read_float(type, trimmed(text));
    case TypeId::kDecimal: return read_decimal(type, trimmed(text));
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return read_temporal(type, trimmed(text));
    case TypeId::kMonths:
    case TypeId::kMillis: return read_interval(type, trimmed(text));
    case TypeId::kArray: return read_array(type, trimmed(text));
    default:
      return sql_error(SqlState::kUnsupported, "a parameter of type " + type.to_string() +
                                                   " cannot be sent; build it in SQL");
  }
}

}  // namespace dataflow::postgres
