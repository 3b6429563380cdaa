// Values out of Arrow columns, and into them.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/util/decimal.h>

#include <cstring>
#include <limits>

#include "types/arrow_status.h"
#include "types/value.h"

namespace dataflow {
namespace {

template <class Array>
int64_t integer_at(const arrow::Array& column, int64_t row) {
  return static_cast<const Array&>(column).Value(row);
}

int64_t integer_of(const Type& type, const arrow::Array& column, int64_t row) {
  switch (type.id()) {
    case TypeId::kInt8: return integer_at<arrow::Int8Array>(column, row);
    case TypeId::kInt16: return integer_at<arrow::Int16Array>(column, row);
    case TypeId::kInt32: return integer_at<arrow::Int32Array>(column, row);
    case TypeId::kInt64: return integer_at<arrow::Int64Array>(column, row);
    case TypeId::kDate: return integer_at<arrow::Date32Array>(column, row);
    case TypeId::kTime:
      return type.units_per_milli() == 1 ? integer_at<arrow::Time32Array>(column, row)
                                         : integer_at<arrow::Time64Array>(column, row);
    case TypeId::kMonths: return integer_at<arrow::MonthIntervalArray>(column, row);
    case TypeId::kMillis: return integer_at<arrow::DurationArray>(column, row);
    default: return integer_at<arrow::TimestampArray>(column, row);
  }
}

Value list_at(const Type& type, const arrow::Array& column, int64_t row) {
  Value::List values;
  if (type.id() == TypeId::kRow) {
    const auto& row_array = static_cast<const arrow::StructArray&>(column);
    for (size_t i = 0; i < type.fields().size(); ++i) {
      values.push_back(value_at(type.fields()[i].type, *row_array.field(static_cast<int>(i)), row));
    }
  } else if (type.id() == TypeId::kMap) {
    const auto& map = static_cast<const arrow::MapArray&>(column);
    for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
      values.push_back(value_at(type.fields()[0].type, *map.keys(), i));
      values.push_back(value_at(type.fields()[1].type, *map.items(), i));
    }
  } else {
    const auto& list = static_cast<const arrow::ListArray&>(column);
    for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
      values.push_back(value_at(type.element(), *list.values(), i));
    }
  }
  return Value::list(type, std::move(values));
}

template <class Builder>
arrow::Status append_integer(arrow::ArrayBuilder& builder, int64_t value) {
  using Number = typename Builder::value_type;
  return static_cast<Builder&>(builder).Append(static_cast<Number>(value));
}

Status append_integer_of(const Type& type, int64_t value, arrow::ArrayBuilder& builder) {
  switch (type.id()) {
    case TypeId::kInt8: return from_arrow(append_integer<arrow::Int8Builder>(builder, value));
    case TypeId::kInt16: return from_arrow(append_integer<arrow::Int16Builder>(builder, value));
    case TypeId::kInt32: return from_arrow(append_integer<arrow::Int32Builder>(builder, value));
    case TypeId::kInt64: return from_arrow(append_integer<arrow::Int64Builder>(builder, value));
    case TypeId::kDate: return from_arrow(append_integer<arrow::Date32Builder>(builder, value));
    case TypeId::kTime:
      return from_arrow(type.units_per_milli() == 1
                            ? append_integer<arrow::Time32Builder>(builder, value)
                            : append_integer<arrow::Time64Builder>(builder, value));
    case TypeId::kMonths:
      return from_arrow(append_integer<arrow::MonthIntervalBuilder>(builder, value));
    case TypeId::kMillis: return from_arrow(append_integer<arrow::DurationBuilder>(builder, value));
    default: return from_arrow(append_integer<arrow::TimestampBuilder>(builder, value));
  }
}

Status append_list(const Value& value, arrow::ArrayBuilder& builder) {
  const Value::List& values = value.as_list();
  if (value.type().id() == TypeId::kRow) {
    auto& row = static_cast<arrow::StructBuilder&>(builder);
    DF_RETURN_IF_ERROR(from_arrow(row.Append()));
    for (size_t i = 0; i < values.size(); ++i) {
      DF_RETURN_IF_ERROR(append_value(values[i], *row.field_builder(static_cast<int>(i))));
    }
    return {};
  }
  if (value.type().id() == TypeId::kMap) {
    auto& map = static_cast<arrow::MapBuilder&>(builder);
    DF_RETURN_IF_ERROR(from_arrow(map.Append()));
    for (size_t i = 0; i < values.size(); ++i) {
      DF_RETURN_IF_ERROR(
          append_value(values[i], i % 2 == 0 ? *map.key_builder() : *map.item_builder()));
    }
    return {};
  }
  auto& list = static_cast<arrow::ListBuilder&>(builder);
  DF_RETURN_IF_ERROR(from_arrow(list.Append()));
  for (const Value& element : values) {
    DF_RETURN_IF_ERROR(append_value(element, *list.value_builder()));
  }
  return {};
}

bool integer_fits(const Type& type, int64_t value) {
  const auto within = [value]<class Number>(Number) {
    return value >= std::numeric_limits<Number>::min() &&
           value <= std::numeric_limits<Number>::max();
  };
  switch (type.id()) {
    case TypeId::kInt8: return within(int8_t{});
    case TypeId::kInt16: return within(int16_t{});
    case TypeId::kInt32:
    case TypeId::kDate:
    case TypeId::kMonths: return within(int32_t{});
    case TypeId::kTime: return type.units_per_milli() == 1000 || within(int32_t{});
    default: return true;
  }
}

// Whether `value`, and all that it holds, can stand in a column of `type`.
bool fits(const Type& type, const Value& value) {
  if (value.is_null()) return true;
  if (value.type() != type) return false;
  if (!type.is_nested()) return true;
  const Value::List& values = value.as_list();
  const std::vector<Field>& fields = type.fields();
  if (type.id() == TypeId::kRow && values.size() != fields.size()) return false;
  if (type.id() == TypeId::kMap && values.size() % 2 != 0) return false;
  for (size_t i = 0; i < values.size(); ++i) {
    const Field& field = fields[i % fields.size()];
    if (!fits(field.type, values[i])) return false;
    if (values[i].is_null() && type.id() == TypeId::kMap && i % 2 == 0) return false;
  }
  return true;
}

}  // namespace

Value value_at(const Type& type, const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return Value::null(type);
  switch (type.id()) {
    case TypeId::kNull: return Value::null(type);
    case TypeId::kBoolean:
      return Value::boolean(static_cast<const arrow::BooleanArray&>(column).Value(row));
    case TypeId::kFloat32:
      return Value::floating(type, static_cast<const arrow::FloatArray&>(column).Value(row));
    case TypeId::kFloat64:
      return Value::floating(type, static_cast<const arrow::DoubleArray&>(column).Value(row));
    case TypeId::kDecimal: {
      Value::Int128 unscaled;
      std::memcpy(&unscaled, static_cast<const arrow::FixedSizeBinaryArray&>(column).GetValue(row),
                  sizeof unscaled);
      return Value::decimal(type, unscaled);
    }
    case TypeId::kString:
    case TypeId::kBytes:
    case TypeId::kJson:
      return Value::text(type,
                         std::string(static_cast<const arrow::BinaryArray&>(column).GetView(row)));
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kRow: return list_at(type, column, row);
    default: return Value::integer(type, integer_of(type, column, row));
  }
}

Status append_value(const Value& value, arrow::ArrayBuilder& builder) {
  if (value.is_null()) return from_arrow(builder.AppendNull());
  const Type& type = value.type();
  switch (type.id()) {
    case TypeId::kNull: return from_arrow(builder.AppendNull());
    case TypeId::kBoolean:
      return from_arrow(static_cast<arrow::BooleanBuilder&>(builder).Append(value.as_bool()));
    case TypeId::kFloat32:
      return from_arrow(
          static_cast<arrow::FloatBuilder&>(builder).Append(static_cast<float>(value.as_double())));
    case TypeId::kFloat64:
      return from_arrow(static_cast<arrow::DoubleBuilder&>(builder).Append(value.as_double()));
    case TypeId::kDecimal: {
      const auto bits = static_cast<unsigned __int128>(value.as_decimal());
      return from_arrow(static_cast<arrow::Decimal128Builder&>(builder).Append(
          arrow::Decimal128(static_cast<int64_t>(bits >> 64), static_cast<uint64_t>(bits))));
    }
    case TypeId::kString:
    case TypeId::kBytes:
    case TypeId::kJson:
      return from_arrow(static_cast<arrow::BinaryBuilder&>(builder).Append(value.as_text()));
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kRow: return append_list(value, builder);
    default: break;
  }
  if (!integer_fits(type, value.as_int())) {
    return Status::invalid(std::to_string(value.as_int()) + " is out of the range of " +
                           type.to_string());
  }
  return append_integer_of(type, value.as_int(), builder);
}

Result<std::shared_ptr<arrow::Array>> column_of(const Type& type,
                                                const std::vector<Value>& values) {
  DF_ASSIGN_OR_RETURN(const auto builder, from_arrow(arrow::MakeBuilder(arrow_type(type))));
  DF_RETURN_IF_ERROR(from_arrow(builder->Reserve(static_cast<int64_t>(values.size()))));
  for (size_t i = 0; i < values.size(); ++i) {
    if (!fits(type, values[i])) {
      return Status::invalid("value " + std::to_string(i) + ", " + values[i].to_string() +
                             ", is of type " + values[i].type().to_string() + " in a column of " +
                             type.to_string());
    }
    DF_RETURN_IF_ERROR(append_value(values[i], *builder));
  }
  return from_arrow(builder->Finish());
}

}  // namespace dataflow
