#include "duck_values.h"

#include <string_view>
#include <utility>

namespace dataflow::postgres {
namespace {

constexpr int kHugeDigits = 38;
constexpr int kMicros = 6;

Result<Type> scalar_of(duckdb_type id) {
  switch (id) {
    case DUCKDB_TYPE_BOOLEAN: return Type::boolean();
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_SMALLINT: return Type::int16();
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_INTEGER: return Type::int32();
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_BIGINT: return Type::int64();
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT: return Type::decimal(kHugeDigits, 0);
    case DUCKDB_TYPE_FLOAT: return Type::float32();
    case DUCKDB_TYPE_DOUBLE: return Type::float64();
    case DUCKDB_TYPE_DATE: return Type::date();
    case DUCKDB_TYPE_TIMESTAMP: return Type::timestamp(kMicros);
    case DUCKDB_TYPE_TIMESTAMP_TZ: return Type::timestamp_tz(kMicros);
    case DUCKDB_TYPE_SQLNULL:
    case DUCKDB_TYPE_VARCHAR: return Type::string();
    default: break;
  }
  return Status::unsupported("a column of the answer has a type that is not sent (DuckDB's " +
                             std::to_string(static_cast<int>(id)) + "): cast it to text");
}

template <class T>
T at(const void* data, uint64_t row) {
  return static_cast<const T*>(data)[row];
}

Value::Int128 wide(duckdb_hugeint huge) {
  const auto upper = static_cast<unsigned __int128>(static_cast<__int128>(huge.upper));
  return static_cast<Value::Int128>((upper << 64) | huge.lower);
}

Value::Int128 unscaled(duckdb_type storage, const void* data, uint64_t row) {
  switch (storage) {
    case DUCKDB_TYPE_SMALLINT: return at<int16_t>(data, row);
    case DUCKDB_TYPE_INTEGER: return at<int32_t>(data, row);
    case DUCKDB_TYPE_BIGINT: return at<int64_t>(data, row);
    default: return wide(at<duckdb_hugeint>(data, row));
  }
}

std::string text_at(const void* data, uint64_t row) {
  const auto* strings = static_cast<const duckdb_string_t*>(data);
  const duckdb_string_t& text = strings[row];
  const uint32_t length = text.value.inlined.length;
  const bool inlined = length <= sizeof text.value.inlined.inlined;
  return {inlined ? text.value.inlined.inlined : text.value.pointer.ptr, length};
}

Value value_of(const DuckLibrary& duck, const DuckType& type, duckdb_vector vector, uint64_t row) {
  if (!duck.validity_row_is_valid(duck.vector_get_validity(vector), row)) {
    return Value::null(type.type);
  }
  const void* data = duck.vector_get_data(vector);
  switch (type.id) {
    case DUCKDB_TYPE_BOOLEAN: return Value::boolean(at<bool>(data, row));
    case DUCKDB_TYPE_TINYINT: return Value::integer(type.type, at<int8_t>(data, row));
    case DUCKDB_TYPE_UTINYINT: return Value::integer(type.type, at<uint8_t>(data, row));
    case DUCKDB_TYPE_SMALLINT: return Value::integer(type.type, at<int16_t>(data, row));
    case DUCKDB_TYPE_USMALLINT: return Value::integer(type.type, at<uint16_t>(data, row));
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_INTEGER: return Value::integer(type.type, at<int32_t>(data, row));
    case DUCKDB_TYPE_UINTEGER: return Value::integer(type.type, at<uint32_t>(data, row));
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_BIGINT: return Value::integer(type.type, at<int64_t>(data, row));
    case DUCKDB_TYPE_UBIGINT: return Value::decimal(type.type, at<uint64_t>(data, row));
    case DUCKDB_TYPE_HUGEINT: return Value::decimal(type.type, wide(at<duckdb_hugeint>(data, row)));
    case DUCKDB_TYPE_FLOAT: return Value::floating(type.type, at<float>(data, row));
    case DUCKDB_TYPE_DOUBLE: return Value::floating(type.type, at<double>(data, row));
    case DUCKDB_TYPE_DECIMAL: return Value::decimal(type.type, unscaled(type.storage, data, row));
    case DUCKDB_TYPE_VARCHAR: return Value::string(text_at(data, row));
    case DUCKDB_TYPE_LIST: {
      const auto entry = at<duckdb_list_entry>(data, row);
      duckdb_vector child = duck.list_vector_get_child(vector);
      Value::List list;
      for (uint64_t i = 0; i < entry.length; ++i) {
        list.push_back(value_of(duck, type.element.front(), child, entry.offset + i));
      }
      return Value::list(type.type, std::move(list));
    }
    default: return Value::null(type.type);
  }
}

}  // namespace

Result<DuckType> duck_type(const DuckLibrary& duck, duckdb_logical_type type) {
  DuckType out;
  out.id = duck.get_type_id(type);
  if (out.id == DUCKDB_TYPE_LIST) {
    duckdb_logical_type child = duck.list_type_child_type(type);
    Result<DuckType> element = duck_type(duck, child);
    duck.destroy_logical_type(&child);
    if (!element.ok()) return element.status();
    out.type = Type::array(element->type);
    out.element.push_back(std::move(*element));
  } else if (out.id == DUCKDB_TYPE_DECIMAL) {
    out.type = Type::decimal(duck.decimal_width(type), duck.decimal_scale(type));
    out.storage = duck.decimal_internal_type(type);
  } else {
    DF_ASSIGN_OR_RETURN(out.type, scalar_of(out.id));
  }
  return out;
}

void append_rows(const DuckLibrary& duck, const std::vector<DuckType>& types,
                 duckdb_data_chunk chunk, std::vector<jobs::Row>& rows) {
  const uint64_t count = duck.data_chunk_get_size(chunk);
  const size_t first = rows.size();
  rows.resize(first + count);
  for (size_t column = 0; column < types.size(); ++column) {
    duckdb_vector vector = duck.data_chunk_get_vector(chunk, column);
    for (uint64_t row = 0; row < count; ++row) {
      rows[first + row].push_back(value_of(duck, types[column], vector, row));
    }
  }
}

}  // namespace dataflow::postgres
