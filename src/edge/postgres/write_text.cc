#include <charconv>
#include <cmath>
#include <string_view>

#include "base/floor_div.h"
#include "type_map.h"
#include "types/decimal.h"
#include "types/temporal.h"
#include "write_value.h"

namespace dataflow::postgres {
namespace {

void write_int(int64_t value, std::string& out) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

// The fewest digits that read back; an exponent below 10^-4 and from 10^`most` on.
template <class Float>
void write_float(Float value, int most, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
    return;
  }
  char text[64];
  const auto in_science =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
  const std::string_view science(text, static_cast<size_t>(in_science.ptr - text));
  int exponent = 0;
  const char* digits = text + science.find('e') + 1;
  if (*digits == '+') ++digits;
  std::from_chars(digits, in_science.ptr, exponent);
  if (value != 0 && (exponent < -4 || exponent >= most)) {
    out += science;
    return;
  }
  out.append(text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr);
}

void write_padded(int64_t value, int width, std::string& out) {
  const std::string digits = std::to_string(value);
  const auto wide = static_cast<size_t>(width);
  if (digits.size() < wide) out.append(wide - digits.size(), '0');
  out += digits;
}

// Whether the year is before the first one, which a word at the end says.
bool write_day(int64_t days, std::string& out) {
  const CivilDate date = civil_from_days(days);
  const bool before = date.year <= 0;
  write_padded(before ? 1 - date.year : date.year, 4, out);
  out += '-';
  write_padded(date.month, 2, out);
  out += '-';
  write_padded(date.day, 2, out);
  return before;
}

void write_clock(const Type& type, int64_t units, std::string& out) {
  char text[kMaxTemporalChars];
  const Type as_time = Type::time(type.precision());
  out.append(text, write_time(text, as_time, units, FractionStyle::kTrimmed));
}

void write_moment(const Type& type, int64_t value, std::string& out) {
  const int64_t day = kMillisPerDay * type.units_per_milli();
  const int64_t days = floor_div(value, day);
  const bool before = write_day(days, out);
  out += ' ';
  write_clock(type, value - days * day, out);
  if (type.id() == TypeId::kTimestampTz) out += "+00";
  if (before) out += " BC";
}

void write_amount(int64_t amount, const char* unit, std::string& out) {
  if (amount == 0) return;
  if (!out.empty()) out += ' ';
  write_int(amount, out);
  out += ' ';
  out += unit;
  if (amount != 1) out += 's';
}

void write_months(int64_t months, std::string& out) {
  std::string text;
  write_amount(months / 12, "year", text);
  write_amount(months % 12, "mon", text);
  out += text.empty() ? "00:00:00" : text;
}

void write_millis(int64_t millis, std::string& out) {
  std::string text;
  write_amount(millis / kMillisPerDay, "day", text);
  const int64_t rest = millis % kMillisPerDay;
  if (rest != 0 || text.empty()) {
    if (!text.empty()) text += ' ';
    if (rest < 0) text += '-';
    write_clock(Type::time(3), rest < 0 ? -rest : rest, text);
  }
  out += text;
}

void write_hex(std::string_view bytes, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out += "\\x";
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

bool needs_quotes(std::string_view element) {
  if (element.empty()) return true;
  if (element.size() == 4 && std::toupper(element[0]) == 'N' && std::toupper(element[1]) == 'U' &&
      std::toupper(element[2]) == 'L' && std::toupper(element[3]) == 'L') {
    return true;
  }
  return element.find_first_of("{},\"\\ \t\n\r\v\f") != std::string_view::npos;
}

void write_element(std::string_view element, std::string& out) {
  if (!needs_quotes(element)) {
    out += element;
    return;
  }
  out += '"';
  for (const char c : element) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void write_array(const Value& value, std::string& out) {
  out += '{';
  std::string element;
  bool first = true;
  for (const Value& part : value.as_list()) {
    if (!first) out += ',';
    first = false;
    if (part.is_null()) {
      out += "NULL";
      continue;
    }
    element.clear();
    write_text(part, element);
    write_element(element, out);
  }
  out += '}';
}

void write_of_integer(const Value& value, std::string& out) {
  const int64_t number = value.as_int();
  switch (value.type().id()) {
    case TypeId::kDate:
      if (write_day(number, out)) out += " BC";
      return;
    case TypeId::kTime: return write_clock(value.type(), number, out);
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return write_moment(value.type(), number, out);
    case TypeId::kMonths: return write_months(number, out);
    case TypeId::kMillis: return write_millis(number, out);
    default: return write_int(number, out);
  }
}

}  // namespace

void write_text(const Value& value, std::string& out) {
  switch (value.type().id()) {
    case TypeId::kNull: return;
    case TypeId::kBoolean: out += value.as_bool() ? 't' : 'f'; return;
    case TypeId::kFloat32: return write_float(static_cast<float>(value.as_double()), 6, out);
    case TypeId::kFloat64: return write_float(value.as_double(), 15, out);
    case TypeId::kDecimal: {
      char text[kMaxDecimalChars];
      out.append(text, write_decimal(text, value.as_decimal(), value.type().scale()));
      return;
    }
    case TypeId::kString:
    case TypeId::kJson: out += value.as_text(); return;
    case TypeId::kBytes: return write_hex(value.as_text(), out);
    case TypeId::kArray:
      if (oid_of(value.type()) == oid::kJson) return write_json(value, out);
      return write_array(value, out);
    case TypeId::kMap:
    case TypeId::kRow: return write_json(value, out);
    default: return write_of_integer(value, out);
  }
}

}  // namespace dataflow::postgres
