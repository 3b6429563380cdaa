// Value: one value of any type. For literals, tests and messages; data moves in batches.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "types/type.h"

namespace arrow {
class Array;
class ArrayBuilder;
}  // namespace arrow

namespace dataflow {

class Value {
 public:
  // 128 bits of a decimal without its point.
  using Int128 = __int128;
  using List = std::vector<Value>;  // of an array; a row's fields; a map's keys and values in turn

  Value() = default;  // NULL of type kNull
  static Value null(Type type);
  static Value boolean(bool value);
  // For every type whose column holds integers: integers, date, time, timestamps, intervals.
  static Value integer(Type type, int64_t value);
  static Value floating(Type type, double value);
  static Value decimal(Type type, Int128 unscaled);
  static Value text(Type type, std::string value);  // string, bytes, JSON
  static Value string(std::string value) { return text(Type::string(), std::move(value)); }
  static Value int64(int64_t value) { return integer(Type::int64(), value); }
  static Value float64(double value) { return floating(Type::float64(), value); }
  static Value list(Type type, List values);  // array, map, row

  const Type& type() const { return type_; }
  bool is_null() const { return data_.index() == 0; }
  bool as_bool() const { return std::get<bool>(data_); }
  int64_t as_int() const { return std::get<int64_t>(data_); }
  double as_double() const { return std::get<double>(data_); }
  Int128 as_decimal() const { return std::get<Int128>(data_); }
  const std::string& as_text() const { return std::get<std::string>(data_); }
  const List& as_list() const { return *std::get<std::shared_ptr<const List>>(data_); }

  // For people: NULL, 1.50, 2026-01-31 12:00:00.000, [1, 2], {a=1}; strings without quotes.
  std::string to_string() const;

  // Same type and same value; NULL equals NULL, NaN equals NaN.
  bool operator==(const Value& other) const;

 private:
  Type type_;
  std::variant<std::monostate, bool, int64_t, double, Int128, std::string,
               std::shared_ptr<const List>>
      data_;
};

// The value in a row of a column of `type`.
Value value_at(const Type& type, const arrow::Array& column, int64_t row);
// Appends to a builder made for the value's type (or NULL to any).
Status append_value(const Value& value, arrow::ArrayBuilder& builder);
// A column of one type; kInvalid if a value is of another one (NULL of any type fits).
Result<std::shared_ptr<arrow::Array>> column_of(const Type& type, const std::vector<Value>& values);

}  // namespace dataflow
