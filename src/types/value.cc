#include "types/value.h"

#include <charconv>
#include <cmath>

#include "types/decimal.h"
#include "types/temporal.h"

namespace dataflow {

Value Value::null(Type type) {
  Value out;
  out.type_ = std::move(type);
  return out;
}

Value Value::boolean(bool value) {
  Value out = null(Type::boolean());
  out.data_ = value;
  return out;
}

Value Value::integer(Type type, int64_t value) {
  Value out = null(std::move(type));
  out.data_ = value;
  return out;
}

Value Value::floating(Type type, double value) {
  Value out = null(std::move(type));
  out.data_ =
      out.type_.id() == TypeId::kFloat32 ? static_cast<double>(static_cast<float>(value)) : value;
  return out;
}

Value Value::decimal(Type type, Int128 unscaled) {
  Value out = null(std::move(type));
  out.data_ = unscaled;
  return out;
}

Value Value::text(Type type, std::string value) {
  Value out = null(std::move(type));
  out.data_ = std::move(value);
  return out;
}

Value Value::list(Type type, List values) {
  Value out = null(std::move(type));
  out.data_ = std::make_shared<const List>(std::move(values));
  return out;
}

bool Value::operator==(const Value& other) const {
  if (type_ != other.type_ || data_.index() != other.data_.index()) return false;
  if (const double* left = std::get_if<double>(&data_)) {
    const double right = other.as_double();
    return *left == right || (std::isnan(*left) && std::isnan(right));
  }
  if (std::holds_alternative<std::shared_ptr<const Value::List>>(data_)) {
    return as_list() == other.as_list();
  }
  return data_ == other.data_;
}

namespace {

std::string float_text(const Type& type, double value) {
  char text[32];
  const auto end = type.id() == TypeId::kFloat32
                       ? std::to_chars(text, text + sizeof text, static_cast<float>(value))
                       : std::to_chars(text, text + sizeof text, value);
  return std::string(text, end.ptr);
}

std::string months_text(int64_t months) {
  const std::string sign = months < 0 ? "-" : "+";
  const int64_t all = months < 0 ? -months : months;
  return sign + std::to_string(all / 12) + "-" + (all % 12 < 10 ? "0" : "") +
         std::to_string(all % 12);
}

std::string millis_text(int64_t millis) {
  const auto all = millis < 0 ? -static_cast<uint64_t>(millis) : static_cast<uint64_t>(millis);
  char text[kMaxTemporalChars];
  char* const end = write_time(text, Type::time(3), static_cast<int64_t>(all % kMillisPerDay),
                               FractionStyle::kFixed);
  return (millis < 0 ? "-" : "+") + std::to_string(all / kMillisPerDay) + " " +
         std::string(text, end);
}

std::string integer_text(const Type& type, int64_t value) {
  char text[kMaxTemporalChars];
  switch (type.id()) {
    case TypeId::kDate: return std::string(text, write_date(text, value));
    case TypeId::kTime:
      return std::string(text, write_time(text, type, value, FractionStyle::kFixed));
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return std::string(
          text, write_timestamp(text, type, value, TimestampStyle::kSql, FractionStyle::kFixed));
    case TypeId::kMonths: return months_text(value);
    case TypeId::kMillis: return millis_text(value);
    default: return std::to_string(value);
  }
}

std::string hex_text(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "x'";
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out + "'";
}

std::string list_text(const Type& type, const Value::List& values) {
  const bool array = type.id() == TypeId::kArray;
  std::string out = array ? "[" : "{";
  for (size_t i = 0; i < values.size(); ++i) {
    const bool behind_key = type.id() == TypeId::kMap && i % 2 == 1;
    if (i > 0) out += behind_key ? "=" : ", ";
    if (type.id() == TypeId::kRow && i < type.fields().size()) out += type.fields()[i].name + "=";
    out += values[i].to_string();
  }
  return out + (array ? "]" : "}");
}

}  // namespace

std::string Value::to_string() const {
  switch (data_.index()) {
    case 0: return "NULL";
    case 1: return as_bool() ? "true" : "false";
    case 2: return integer_text(type_, as_int());
    case 3: return float_text(type_, as_double());
    case 4: {
      char text[kMaxDecimalChars];
      return std::string(text, write_decimal(text, as_decimal(), type_.scale()));
    }
    case 5: return type_.id() == TypeId::kBytes ? hex_text(as_text()) : as_text();
    default: return list_text(type_, as_list());
  }
}

}  // namespace dataflow
