// The types of columns and values: SQL's scalar types and their compositions. A Type is small,
// cheap to copy and immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace arrow {
class DataType;
}

namespace dataflow {

// Each with the Arrow layout that a column of it has.
enum class TypeId : uint8_t {
  kNull,         // null; the type of a bare NULL
  kBoolean,      // bool
  kInt8,         // TINYINT
  kInt16,        // SMALLINT
  kInt32,        // INT
  kInt64,        // BIGINT
  kFloat32,      // FLOAT
  kFloat64,      // DOUBLE
  kDecimal,      // DECIMAL(p, s): decimal128
  kString,       // utf8
  kBytes,        // binary
  kDate,         // date32: days since 1970
  kTime,         // TIME(0..3): time32 in ms; (4..6): time64 in µs
  kTimestamp,    // TIMESTAMP(0..3): timestamp(ms), (4..6): timestamp(us); a wall clock's reading
  kTimestampTz,  // TIMESTAMP_LTZ(p): the same with zone "UTC"; a moment
  kMonths,       // INTERVAL YEAR TO MONTH: month_interval
  kMillis,       // INTERVAL DAY TO SECOND: duration(ms)
  kArray,        // list
  kMap,          // map
  kRow,          // struct
  kJson,         // utf8, of text that is one JSON value
};

struct Field;

class Type {
 public:
  Type() = default;  // kNull
  explicit Type(TypeId id) : id_(id) {}

  static Type null() { return Type(TypeId::kNull); }
  static Type boolean() { return Type(TypeId::kBoolean); }
  static Type int8() { return Type(TypeId::kInt8); }
  static Type int16() { return Type(TypeId::kInt16); }
  static Type int32() { return Type(TypeId::kInt32); }
  static Type int64() { return Type(TypeId::kInt64); }
  static Type float32() { return Type(TypeId::kFloat32); }
  static Type float64() { return Type(TypeId::kFloat64); }
  static Type string() { return Type(TypeId::kString); }
  static Type bytes() { return Type(TypeId::kBytes); }
  static Type date() { return Type(TypeId::kDate); }
  static Type months() { return Type(TypeId::kMonths); }
  static Type millis() { return Type(TypeId::kMillis); }
  static Type json() { return Type(TypeId::kJson); }
  static Type decimal(int precision, int scale);  // 1..38, 0..precision
  static Type time(int precision = 0);
  static Type timestamp(int precision = 3);
  static Type timestamp_tz(int precision = 3);
  static Type array(Type element, bool nullable = true);        // the elements
  static Type map(Type key, Type value, bool nullable = true);  // the values; a key never is
  static Type row(std::vector<Field> fields);

  TypeId id() const { return id_; }
  // Of decimals, times and timestamps.
  int precision() const { return precision_; }
  int scale() const { return scale_; }
  // The fields of a row; "element" of an array; "key" and "value" of a map.
  const std::vector<Field>& fields() const;
  const Type& element() const;

  bool is_integer() const { return id_ >= TypeId::kInt8 && id_ <= TypeId::kInt64; }
  bool is_float() const { return id_ == TypeId::kFloat32 || id_ == TypeId::kFloat64; }
  bool is_numeric() const { return id_ >= TypeId::kInt8 && id_ <= TypeId::kDecimal; }
  bool is_timestamp() const { return id_ == TypeId::kTimestamp || id_ == TypeId::kTimestampTz; }
  bool is_nested() const { return id_ >= TypeId::kArray && id_ <= TypeId::kRow; }
  // Units of one millisecond that a column of this time or timestamp counts in: 1 or 1000.
  int64_t units_per_milli() const { return precision_ > 3 ? 1000 : 1; }

  // As SQL writes it, in capitals: "DECIMAL(10, 2)", "ARRAY<STRING>", "ROW<a INT, b STRING NOT
  // NULL>". parse_type() reads it back.
  std::string to_string() const;

  bool operator==(const Type& other) const;

 private:
  TypeId id_ = TypeId::kNull;
  uint8_t precision_ = 0;
  uint8_t scale_ = 0;
  std::shared_ptr<const std::vector<Field>> fields_;
};

struct Field {
  std::string name;
  Type type;
  bool nullable = true;

  friend bool operator==(const Field&, const Field&) = default;
};

// SQL's spelling in any case, with its synonyms (VARCHAR(n), INTEGER, NUMERIC, TIMESTAMP WITH LOCAL
// TIME ZONE, …; lengths of VARCHAR and CHAR are read and not kept). kInvalid says what was
// expected, at which column, and the nearest known name.
Result<Type> parse_type(std::string_view text);

// Bytes that a value takes in its column; 0 for text and nested types, 1 for booleans.
size_t fixed_width_of(const Type& type);
// Strings, bytes and JSON.
bool is_text_like(const Type& type);

// The Arrow type of a column; Arrow's own spelling of names of fields.
std::shared_ptr<arrow::DataType> arrow_type(const Type& type);

}  // namespace dataflow
