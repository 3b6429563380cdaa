#include "assign.h"

#include <algorithm>
#include <limits>

namespace dataflow::sql {
namespace {

// Whether a value becomes one of that type without being asked to: never losing any.
bool fits(const Type& from, const Type& to) {
  if (from == to) return true;
  if (from.is_numeric() && to.is_float()) return from.id() != TypeId::kFloat64 || from == to;
  if (from.is_integer() && to.is_integer()) return from.id() <= to.id();
  if (from.is_integer() || from.id() == TypeId::kDecimal) return to.id() == TypeId::kDecimal;
  if (from.is_timestamp() || from.id() == TypeId::kDate) return to.is_timestamp();
  if (from.id() == TypeId::kTime) return to.id() == TypeId::kTime;
  if (from.id() == TypeId::kJson) return to.id() == TypeId::kString;
  if (!from.is_nested() || from.id() != to.id()) return false;
  return std::ranges::equal(from.fields(), to.fields(),
                            [](const Field& a, const Field& b) { return fits(a.type, b.type); });
}

// Whether it does in a table that the server keeps.
bool can_be_assigned(const Type& from, const Type& to) {
  if (fits(from, to)) return true;
  if (from.is_integer() && to.is_integer()) return true;
  if (from.is_float()) return to.is_float() || to.id() == TypeId::kDecimal;
  return to.id() == TypeId::kString && !from.is_nested();
}

ExpressionPtr is_not_null(const ExpressionPtr& value) { return expr::call("IS NOT NULL", {value}); }

// The least and greatest value of an integer type.
std::pair<int64_t, int64_t> range_of(const Type& type) {
  const auto of = [](auto sample) {
    using T = decltype(sample);
    return std::pair<int64_t, int64_t>(std::numeric_limits<T>::min(),
                                       std::numeric_limits<T>::max());
  };
  switch (type.id()) {
    case TypeId::kInt8: return of(int8_t());
    case TypeId::kInt16: return of(int16_t());
    case TypeId::kInt32: return of(int32_t());
    default: return of(int64_t());
  }
}

ExpressionPtr checked(ExpressionPtr value, ExpressionPtr condition, const std::string& words,
                      const char* by = "$CHECKED") {
  return expr::call(by,
                    {std::move(value), std::move(condition), expr::literal(Value::string(words))});
}

// Numbers wrap or become NULL where they are cast into a type that has not room for them.
ExpressionPtr in_range(const GivenValue& given, const ColumnDefinition& column,
                       const std::string& where) {
  const Type& from = given.type;
  const Type& to = column.type;
  ExpressionPtr cast = expr::cast(given.value, to);
  const std::string words =
      "a row's value is out of the range of " + to.to_string() + ", which " + where + " is";
  if (from.is_integer() && to.is_integer() && from.id() > to.id()) {
    const auto [least, most] = range_of(to);
    return checked(std::move(cast),
                   expr::call("BETWEEN", {given.value, expr::literal(Value::int64(least)),
                                          expr::literal(Value::int64(most))}),
                   words);
  }
  const bool wider = from.id() == TypeId::kDecimal && to.scale() >= from.scale() &&
                     to.precision() - to.scale() >= from.precision() - from.scale();
  if (to.id() == TypeId::kDecimal && from.is_numeric() && !wider) {
    ExpressionPtr fine =
        expr::call("OR", {expr::call("IS NULL", {given.value}), is_not_null(cast)});
    return checked(std::move(cast), std::move(fine), words);
  }
  return cast;
}

}  // namespace

bool may_lack_value(const ColumnDefinition& column, const GivenValue& given) {
  return !column.nullable && given.nullable;
}

Result<ExpressionPtr> assigned(const Table& table, const ColumnDefinition& column,
                               const GivenValue& given, NullRows nulls) {
  const std::string where = "column `" + column.name + "` of `" + table.name + "`";
  const Type& to = column.type;
  const bool is_null = given.null_literal || given.type.id() == TypeId::kNull;
  if (is_null && column.nullable) {
    return expr::cast(expr::literal(Value()), to);
  }
  const bool fine = is_null || given.text_literal ||
                    (table.managed ? can_be_assigned(given.type, to) : fits(given.type, to));
  if (!fine) {
    return Status::invalid(where + " is " + to.to_string() + ", the query gives " +
                           given.type.to_string() + " (" + given.name + "); write CAST(… AS " +
                           to.to_string() + ")");
  }
  const bool same = given.type == to && !is_null;
  ExpressionPtr value = given.value;
  if (!same) value = table.managed ? in_range(given, column, where) : expr::cast(value, to);
  if (table.managed && column.length > 0) {
    value = checked(value,
                    expr::call("<=", {expr::call("CHAR_LENGTH", {value}),
                                      expr::literal(Value::int64(column.length))}),
                    "a row's text is longer than the " + std::to_string(column.length) +
                        " characters that " + where + " takes");
  }
  if (!may_lack_value(column, given) || nulls == NullRows::kLeftOut) return value;
  const std::string words = where + " is NOT NULL, and a row has NULL there";
  if (nulls == NullRows::kDeadLetter) return checked(value, is_not_null(value), words);
  return checked(value, is_not_null(value),
                 words + "; SET 'table.exec.sink.not-null-enforcer' = 'DROP' leaves such rows out",
                 "$REQUIRED");
}

}  // namespace dataflow::sql
