#include <algorithm>
#include <bit>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "read_value.h"
#include "sql_state.h"
#include "type_map.h"
#include "types/decimal.h"
#include "types/temporal.h"
#include "write_value.h"

namespace dataflow::postgres {
namespace {

constexpr int64_t kEpochDays = 10'957;  // 2000-01-01, from which PostgreSQL counts
constexpr int64_t kMicrosPerMilli = 1000;
constexpr int64_t kEpochMicros = kEpochDays * kMillisPerDay * kMicrosPerMilli;
constexpr int kNumericDigits = 4;
constexpr uint16_t kNumericNegative = 0x4000;
constexpr size_t kNumericHeader = 8;
constexpr int kFurthestWeight = 20;  // ours have 38 decimal digits

Status wrong(uint32_t oid) {
  return sql_error(
      SqlState::kInvalidBinary,
      "incorrect binary data format in a parameter of the type with OID " + std::to_string(oid));
}

// Its text, which says exactly the same.
Result<std::string> numeric_text(std::string_view bytes) {
  if (bytes.size() < kNumericHeader) return wrong(oid::kNumeric);
  const size_t count = load_be16(bytes.data());
  const auto weight = static_cast<int16_t>(load_be16(bytes.data() + 2));
  const uint16_t sign = load_be16(bytes.data() + 4);
  if (bytes.size() != kNumericHeader + 2 * count || (sign & ~kNumericNegative) != 0) {
    // NaN and the infinities have signs of their own, and ours have no such values.
    return bytes.size() == kNumericHeader + 2 * count
               ? sql_error(SqlState::kOutOfRange, "NaN and Infinity are no DECIMAL")
               : wrong(oid::kNumeric);
  }
  if (count > 0 &&
      (weight > kFurthestWeight || weight < -kFurthestWeight || count > 2 * kFurthestWeight)) {
    return sql_error(SqlState::kOutOfRange, "a number has more digits than DECIMAL(38, 38)");
  }
  std::string text = sign == kNumericNegative ? "-" : "";
  text += '0';
  for (int place = count == 0 ? 0 : std::max<int>(weight, 0);
       place >= std::min<int>(0, weight - static_cast<int>(count) + 1) && count > 0; --place) {
    const int at = weight - place;
    unsigned digit = 0;
    if (at >= 0 && at < static_cast<int>(count)) {
      digit = load_be16(bytes.data() + kNumericHeader + 2 * static_cast<size_t>(at));
      if (digit > 9999) return wrong(oid::kNumeric);
    }
    if (place == -1) text += '.';
    const std::string four = std::to_string(digit);
    text.append(kNumericDigits - four.size(), '0');
    text += four;
  }
  return text;
}

std::optional<int64_t> integer_of(std::string_view bytes) {
  switch (bytes.size()) {
    case 2: return static_cast<int16_t>(load_be16(bytes.data()));
    case 4: return static_cast<int32_t>(load_be32(bytes.data()));
    case 8: return static_cast<int64_t>(load_be64(bytes.data()));
    default: return std::nullopt;
  }
}

Result<Value> read_interval(const Type& type, std::string_view bytes) {
  const auto micros = static_cast<int64_t>(load_be64(bytes.data()));
  const auto days = static_cast<int32_t>(load_be32(bytes.data() + 8));
  const auto months = static_cast<int32_t>(load_be32(bytes.data() + 12));
  if (type.id() == TypeId::kMonths && micros == 0 && days == 0) {
    return Value::integer(type, months);
  }
  if (type.id() != TypeId::kMillis || months != 0) {
    return sql_error(SqlState::kOutOfRange,
                     "the interval is out of range for type " + type.to_string());
  }
  return Value::integer(type, micros / kMicrosPerMilli + days * kMillisPerDay);
}

// Microseconds in units of the type.
int64_t in_units(const Type& type, int64_t micros) {
  if (type.units_per_milli() == kMicrosPerMilli) return micros;
  return micros / kMicrosPerMilli - (micros % kMicrosPerMilli < 0 ? 1 : 0);
}

Result<Value> read_temporal(const Type& type, uint32_t oid, std::string_view bytes) {
  const std::optional<int64_t> number = integer_of(bytes);
  if (!number) return wrong(oid);
  if (type.id() == TypeId::kDate) {
    if (*number == INT32_MAX || *number == INT32_MIN) {
      return sql_error(SqlState::kOutOfRange, "there is no infinite DATE");
    }
    if (*number > INT32_MAX - kEpochDays) {
      return sql_error(SqlState::kOutOfRange, "the date is out of range");
    }
    return Value::integer(type, *number + kEpochDays);
  }
  if (type.id() == TypeId::kTime) {
    if (*number < 0 || *number >= kMillisPerDay * kMicrosPerMilli) return wrong(oid);
    return Value::integer(type, in_units(type, *number));
  }
  int64_t micros = 0;
  if (*number == INT64_MIN || __builtin_add_overflow(*number, kEpochMicros, &micros)) {
    return sql_error(SqlState::kOutOfRange, "the timestamp is out of range");
  }
  return Value::integer(type, in_units(type, micros));
}

std::string uuid_text(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    const auto byte = static_cast<uint8_t>(bytes[i]);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

Result<Value> read_array(const Type& type, uint32_t oid, std::string_view bytes) {
  constexpr size_t kHeader = 12;
  constexpr size_t kDimension = 8;
  if (bytes.size() < kHeader) return wrong(oid);
  const uint32_t dimensions = load_be32(bytes.data());
  const uint32_t element = load_be32(bytes.data() + 8);
  if (dimensions == 0) return Value::list(type, {});
  if (dimensions != 1) {
    return sql_error(SqlState::kUnsupported, "an array of several dimensions cannot be sent");
  }
  if (bytes.size() < kHeader + kDimension || element != element_of(oid)) return wrong(oid);
  const uint32_t count = load_be32(bytes.data() + kHeader);
  bytes.remove_prefix(kHeader + kDimension);
  if (count > bytes.size() / 4) return wrong(oid);
  Value::List list;
  list.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    if (bytes.size() < 4) return wrong(oid);
    const uint32_t size = load_be32(bytes.data());
    bytes.remove_prefix(4);
    if (size == UINT32_MAX) {
      list.push_back(Value::null(type.element()));
      continue;
    }
    if (size > bytes.size()) return wrong(oid);
    DF_ASSIGN_OR_RETURN(Value value,
                        read_value_binary(type.element(), element, bytes.substr(0, size)));
    list.push_back(std::move(value));
    bytes.remove_prefix(size);
  }
  if (!bytes.empty()) return wrong(oid);
  return Value::list(type, std::move(list));
}

// As the type that the bytes are of.
Result<Value> read_own(const Type& type, uint32_t oid, std::string_view bytes) {
  const int16_t size = size_of(oid);
  const bool text = is_text_like(type);
  if (size > 0 && !text && static_cast<int16_t>(bytes.size()) != size) return wrong(oid);
  switch (type.id()) {
    case TypeId::kBoolean: return Value::boolean(bytes[0] != 0);
    case TypeId::kInt16:
    case TypeId::kInt32: return Value::integer(type, *integer_of(bytes));
    case TypeId::kInt64:
      if (oid == oid::kOid) return Value::integer(type, load_be32(bytes.data()));
      return Value::integer(type, *integer_of(bytes));
    case TypeId::kFloat32:
      return Value::floating(type, std::bit_cast<float>(load_be32(bytes.data())));
    case TypeId::kFloat64:
      return Value::floating(type, std::bit_cast<double>(load_be64(bytes.data())));
    case TypeId::kBytes: return Value::text(type, std::string(bytes));
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return read_temporal(type, oid, bytes);
    case TypeId::kArray: return read_array(type, oid, bytes);
    default: break;
  }
  if (oid == oid::kUuid) {
    return bytes.size() == 16 ? Result<Value>(Value::string(uuid_text(bytes))) : wrong(oid);
  }
  if (oid == oid::kJsonb) {
    if (!bytes.starts_with('\x01')) return wrong(oid);
    bytes.remove_prefix(1);
  }
  return read_value_text(type, bytes);
}

}  // namespace

Result<Value> read_value_binary(const Type& type, uint32_t oid, std::string_view bytes) {
  if (oid == oid::kNumeric) {
    DF_ASSIGN_OR_RETURN(const std::string text, numeric_text(bytes));
    return read_value_text(type, text);
  }
  if (oid == oid::kInterval && bytes.size() == 16) return read_interval(type, bytes);
  std::optional<Type> sent = type_of_oid(oid);
  if (oid == oid::kUnknown) sent = Type::string();
  if (!sent) {
    return sql_error(SqlState::kUnsupported,
                     "a parameter of the type with OID " + std::to_string(oid) +
                         " cannot be read in its binary format; send it as text");
  }
  const bool same = sent->id() == type.id() && type.id() != TypeId::kArray;
  DF_ASSIGN_OR_RETURN(Value value, read_own(same ? type : *sent, oid, bytes));
  if (value.type() == type) return value;
  std::string text;
  write_text(value, text);
  return read_value_text(type, text);
}

bool is_utf8(std::string_view text) {
  size_t i = 0;
  const auto at = [&text](size_t place) { return static_cast<uint8_t>(text[place]); };
  while (i < text.size()) {
    const uint8_t lead = at(i);
    if (lead == 0) return false;  // nothing here can hold one
    const size_t more = lead < 0x80 ? 0 : lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : 3;
    if (lead >= 0x80 && (lead < 0xC2 || lead > 0xF4)) return false;
    if (text.size() - i <= more) return false;
    for (size_t k = 1; k <= more; ++k) {
      if (at(i + k) >> 6 != 2) return false;
    }
    if ((lead == 0xE0 && at(i + 1) < 0xA0) || (lead == 0xED && at(i + 1) > 0x9F) ||
        (lead == 0xF0 && at(i + 1) < 0x90) || (lead == 0xF4 && at(i + 1) > 0x8F)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace dataflow::postgres
