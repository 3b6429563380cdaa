#include "types/type.h"

#include <arrow/type.h>

#include <cassert>

namespace dataflow {
namespace {

// A name that parse_type() reads without quotes.
bool is_plain_name(std::string_view name) {
  if (name.empty()) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (!letter && (i == 0 || !digit)) return false;
  }
  return true;
}

std::string quoted_name(const std::string& name) {
  if (is_plain_name(name)) return name;
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out + "`";
}

std::string type_text(const Field& field) {
  return field.type.to_string() + (field.nullable ? "" : " NOT NULL");
}

std::string sized(std::string_view name, int precision) {
  return std::string(name) + "(" + std::to_string(precision) + ")";
}

std::shared_ptr<arrow::Field> arrow_field(std::string name, const Field& field) {
  return arrow::field(std::move(name), arrow_type(field.type), field.nullable);
}

arrow::TimeUnit::type unit_of(const Type& type) {
  return type.units_per_milli() == 1 ? arrow::TimeUnit::MILLI : arrow::TimeUnit::MICRO;
}

}  // namespace

Type Type::decimal(int precision, int scale) {
  assert(precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision);
  Type type(TypeId::kDecimal);
  type.precision_ = static_cast<uint8_t>(precision);
  type.scale_ = static_cast<uint8_t>(scale);
  return type;
}

Type Type::time(int precision) {
  assert(precision >= 0 && precision <= 6);
  Type type(TypeId::kTime);
  type.precision_ = static_cast<uint8_t>(precision);
  return type;
}

Type Type::timestamp(int precision) {
  Type type = time(precision);
  type.id_ = TypeId::kTimestamp;
  return type;
}

Type Type::timestamp_tz(int precision) {
  Type type = time(precision);
  type.id_ = TypeId::kTimestampTz;
  return type;
}

Type Type::array(Type element, bool nullable) {
  Type type(TypeId::kArray);
  type.fields_ = std::make_shared<const std::vector<Field>>(
      std::vector<Field>{{"element", std::move(element), nullable}});
  return type;
}

Type Type::map(Type key, Type value, bool nullable) {
  Type type(TypeId::kMap);
  type.fields_ = std::make_shared<const std::vector<Field>>(
      std::vector<Field>{{"key", std::move(key), false}, {"value", std::move(value), nullable}});
  return type;
}

Type Type::row(std::vector<Field> fields) {
  Type type(TypeId::kRow);
  type.fields_ = std::make_shared<const std::vector<Field>>(std::move(fields));
  return type;
}

const std::vector<Field>& Type::fields() const {
  static const std::vector<Field> none;
  return fields_ == nullptr ? none : *fields_;
}

const Type& Type::element() const {
  assert(id_ == TypeId::kArray);
  return (*fields_)[0].type;
}

bool Type::operator==(const Type& other) const {
  if (id_ != other.id_ || precision_ != other.precision_ || scale_ != other.scale_) return false;
  return fields_ == other.fields_ || fields() == other.fields();
}

std::string Type::to_string() const {
  switch (id_) {
    case TypeId::kNull: return "NULL";
    case TypeId::kBoolean: return "BOOLEAN";
    case TypeId::kInt8: return "TINYINT";
    case TypeId::kInt16: return "SMALLINT";
    case TypeId::kInt32: return "INT";
    case TypeId::kInt64: return "BIGINT";
    case TypeId::kFloat32: return "FLOAT";
    case TypeId::kFloat64: return "DOUBLE";
    case TypeId::kDecimal:
      return "DECIMAL(" + std::to_string(precision_) + ", " + std::to_string(scale_) + ")";
    case TypeId::kString: return "STRING";
    case TypeId::kBytes: return "BYTES";
    case TypeId::kDate: return "DATE";
    case TypeId::kTime: return sized("TIME", precision_);
    case TypeId::kTimestamp: return sized("TIMESTAMP", precision_);
    case TypeId::kTimestampTz: return sized("TIMESTAMP_LTZ", precision_);
    case TypeId::kMonths: return "INTERVAL YEAR TO MONTH";
    case TypeId::kMillis: return "INTERVAL DAY TO SECOND";
    case TypeId::kJson: return "JSON";
    case TypeId::kArray: return "ARRAY<" + type_text(fields()[0]) + ">";
    case TypeId::kMap:
      return "MAP<" + fields()[0].type.to_string() + ", " + type_text(fields()[1]) + ">";
    case TypeId::kRow: break;
  }
  std::string out = "ROW<";
  for (const Field& field : fields()) {
    if (out.size() > 4) out += ", ";
    out += quoted_name(field.name) + " " + type_text(field);
  }
  return out + ">";
}

size_t fixed_width_of(const Type& type) {
  switch (type.id()) {
    case TypeId::kBoolean:
    case TypeId::kInt8: return 1;
    case TypeId::kInt16: return 2;
    case TypeId::kInt32:
    case TypeId::kFloat32:
    case TypeId::kDate:
    case TypeId::kMonths: return 4;
    case TypeId::kInt64:
    case TypeId::kFloat64:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kMillis: return 8;
    case TypeId::kTime: return type.units_per_milli() == 1 ? 4 : 8;
    case TypeId::kDecimal: return 16;
    default: return 0;
  }
}

bool is_text_like(const Type& type) {
  return type.id() == TypeId::kString || type.id() == TypeId::kBytes || type.id() == TypeId::kJson;
}

std::shared_ptr<arrow::DataType> arrow_type(const Type& type) {
  switch (type.id()) {
    case TypeId::kNull: return arrow::null();
    case TypeId::kBoolean: return arrow::boolean();
    case TypeId::kInt8: return arrow::int8();
    case TypeId::kInt16: return arrow::int16();
    case TypeId::kInt32: return arrow::int32();
    case TypeId::kInt64: return arrow::int64();
    case TypeId::kFloat32: return arrow::float32();
    case TypeId::kFloat64: return arrow::float64();
    case TypeId::kDecimal: return arrow::decimal128(type.precision(), type.scale());
    case TypeId::kString:
    case TypeId::kJson: return arrow::utf8();
    case TypeId::kBytes: return arrow::binary();
    case TypeId::kDate: return arrow::date32();
    case TypeId::kTime:
      return type.units_per_milli() == 1 ? arrow::time32(arrow::TimeUnit::MILLI)
                                         : arrow::time64(arrow::TimeUnit::MICRO);
    case TypeId::kTimestamp: return arrow::timestamp(unit_of(type));
    case TypeId::kTimestampTz: return arrow::timestamp(unit_of(type), "UTC");
    case TypeId::kMonths: return arrow::month_interval();
    case TypeId::kMillis: return arrow::duration(arrow::TimeUnit::MILLI);
    case TypeId::kArray: return arrow::list(arrow_field("item", type.fields()[0]));
    case TypeId::kMap:
      return std::make_shared<arrow::MapType>(arrow_field("key", type.fields()[0]),
                                              arrow_field("value", type.fields()[1]));
    case TypeId::kRow: break;
  }
  arrow::FieldVector fields;
  for (const Field& field : type.fields()) fields.push_back(arrow_field(field.name, field));
  return arrow::struct_(fields);
}

}  // namespace dataflow
