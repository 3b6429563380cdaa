#include "type_map.h"

namespace dataflow::postgres {
namespace {

struct Known {
  uint32_t oid;
  uint32_t array;
  int16_t size;
};
constexpr Known kKnown[] = {
    {oid::kBool, 1000, 1},      {oid::kBytea, 1001, -1},    {oid::kChar, 1002, 1},
    {oid::kName, 1003, 64},     {oid::kInt8, 1016, 8},      {oid::kInt2, 1005, 2},
    {oid::kInt4, 1007, 4},      {oid::kText, 1009, -1},     {oid::kOid, 1028, 4},
    {oid::kJson, 199, -1},      {oid::kFloat4, 1021, 4},    {oid::kFloat8, 1022, 8},
    {oid::kBpchar, 1014, -1},   {oid::kVarchar, 1015, -1},  {oid::kDate, 1182, 4},
    {oid::kTime, 1183, 8},      {oid::kTimestamp, 1115, 8}, {oid::kTimestampTz, 1185, 8},
    {oid::kInterval, 1187, 16}, {oid::kNumeric, 1231, -1},  {oid::kUuid, 2951, 16},
    {oid::kJsonb, 3807, -1},
};

// Digits of seconds that PostgreSQL has.
constexpr int kMicros = 6;
constexpr int kNumericScale = 18;

}  // namespace

uint32_t oid_of(const Type& type) {
  switch (type.id()) {
    case TypeId::kNull: return oid::kText;
    case TypeId::kBoolean: return oid::kBool;
    case TypeId::kInt8:
    case TypeId::kInt16: return oid::kInt2;
    case TypeId::kInt32: return oid::kInt4;
    case TypeId::kInt64: return oid::kInt8;
    case TypeId::kFloat32: return oid::kFloat4;
    case TypeId::kFloat64: return oid::kFloat8;
    case TypeId::kDecimal: return oid::kNumeric;
    case TypeId::kString: return oid::kText;
    case TypeId::kBytes: return oid::kBytea;
    case TypeId::kDate: return oid::kDate;
    case TypeId::kTime: return oid::kTime;
    case TypeId::kTimestamp: return oid::kTimestamp;
    case TypeId::kTimestampTz: return oid::kTimestampTz;
    case TypeId::kMonths:
    case TypeId::kMillis: return oid::kInterval;
    case TypeId::kJson: return oid::kJson;
    case TypeId::kArray:
      // An array of arrays is a matrix to PostgreSQL, which ours need not be.
      return type.element().is_nested() ? oid::kJson : array_of(oid_of(type.element()));
    case TypeId::kMap:
    case TypeId::kRow: return oid::kJson;
  }
  return oid::kText;
}

std::optional<Type> type_of_oid(uint32_t oid) {
  switch (oid) {
    case oid::kBool: return Type::boolean();
    case oid::kBytea: return Type::bytes();
    case oid::kInt2: return Type::int16();
    case oid::kInt4: return Type::int32();
    case oid::kInt8:
    case oid::kOid: return Type::int64();
    case oid::kFloat4: return Type::float32();
    case oid::kFloat8: return Type::float64();
    case oid::kNumeric: return Type::decimal(38, kNumericScale);
    case oid::kChar:
    case oid::kName:
    case oid::kText:
    case oid::kBpchar:
    case oid::kVarchar:
    case oid::kUuid: return Type::string();
    case oid::kJson:
    case oid::kJsonb: return Type::json();
    case oid::kDate: return Type::date();
    case oid::kTime: return Type::time(kMicros);
    case oid::kTimestamp: return Type::timestamp(kMicros);
    case oid::kTimestampTz: return Type::timestamp_tz(kMicros);
    default: break;
  }
  const uint32_t element = element_of(oid);
  if (element == 0) return std::nullopt;
  const std::optional<Type> type = type_of_oid(element);
  return type ? std::optional(Type::array(*type)) : std::nullopt;
}

uint32_t element_of(uint32_t oid) {
  for (const Known& known : kKnown) {
    if (known.array == oid) return known.oid;
  }
  return 0;
}

uint32_t array_of(uint32_t element) {
  for (const Known& known : kKnown) {
    if (known.oid == element) return known.array;
  }
  return 0;
}

int16_t size_of(uint32_t oid) {
  for (const Known& known : kKnown) {
    if (known.oid == oid) return known.size;
  }
  return oid == oid::kUnknown ? -2 : -1;
}

int32_t modifier_of(const Type& type) {
  constexpr int32_t kHeader = 4;  // PostgreSQL's own bytes before the value
  switch (type.id()) {
    case TypeId::kDecimal: return ((type.precision() << 16) | type.scale()) + kHeader;
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return type.precision();
    default: return -1;
  }
}

}  // namespace dataflow::postgres
