#include "row_codec.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include <cstring>
#include <limits>

#include "base/bytes.h"

#include "nested_values.h"

namespace dataflow::engine {
namespace {

constexpr size_t kLengthBytes = 4;

// Calls f with the width as a constant, so that copies of a value are single instructions.
template <class F>
auto with_width(size_t width, F&& f) {
  switch (width) {
    case 1: return f(std::integral_constant<size_t, 1>());
    case 2: return f(std::integral_constant<size_t, 2>());
    case 4: return f(std::integral_constant<size_t, 4>());
    case 8: return f(std::integral_constant<size_t, 8>());
    default: return f(std::integral_constant<size_t, 16>());
  }
}

size_t text_size(const arrow::Array& column, int64_t row) {
  return static_cast<size_t>(static_cast<const arrow::BinaryArray&>(column).value_length(row));
}

// One column's part of all rows of a batch.
struct ColumnOut {
  const arrow::Array& column;
  char* arena;
  std::span<const std::string_view> rows;
  std::vector<uint64_t>& at;
  size_t number;

  bool is_there(int64_t row) const { return !column.IsNull(row); }
  char* begin(size_t row) const {
    char* const bits = arena + (rows[row].data() - arena);
    bits[number / 8] = static_cast<char>(bits[number / 8] | 1 << number % 8);
    return arena + at[row];
  }
};

template <size_t Width>
void put_fixed(const ColumnOut& out) {
  const arrow::ArrayData& data = *out.column.data();
  const uint8_t* const from = data.buffers[1]->data() + static_cast<size_t>(data.offset) * Width;
  const bool nulls = out.column.null_count() > 0;
  for (size_t row = 0; row < out.rows.size(); ++row) {
    if (nulls && !out.is_there(static_cast<int64_t>(row))) continue;
    std::memcpy(out.begin(row), from + row * Width, Width);
    out.at[row] += Width;
  }
}

void put_booleans(const ColumnOut& out) {
  const auto& column = static_cast<const arrow::BooleanArray&>(out.column);
  for (size_t row = 0; row < out.rows.size(); ++row) {
    if (!out.is_there(static_cast<int64_t>(row))) continue;
    *out.begin(row) = column.Value(static_cast<int64_t>(row)) ? 1 : 0;
    ++out.at[row];
  }
}

void put_texts(const ColumnOut& out) {
  const auto& column = static_cast<const arrow::BinaryArray&>(out.column);
  for (size_t row = 0; row < out.rows.size(); ++row) {
    if (!out.is_there(static_cast<int64_t>(row))) continue;
    const std::string_view text = column.GetView(static_cast<int64_t>(row));
    char* const to = out.begin(row);
    store_le32(to, static_cast<uint32_t>(text.size()));
    std::memcpy(to + kLengthBytes, text.data(), text.size());
    out.at[row] += kLengthBytes + text.size();
  }
}

void put_nested_values(const ColumnOut& out, const Type& type) {
  for (size_t row = 0; row < out.rows.size(); ++row) {
    const auto number = static_cast<int64_t>(row);
    if (!out.is_there(number)) continue;
    char* const to = out.begin(row);
    out.at[row] += static_cast<size_t>(put_nested(type, out.column, number, to) - to);
  }
}

// Where the next value of each row stands.
struct Cursor {
  const char* bits;  // null: no row
  const char* at;
  const char* end;

  bool is_there(size_t number) const {
    return bits != nullptr && (bits[number / 8] >> number % 8 & 1) != 0;
  }
  bool has(size_t size) const { return static_cast<size_t>(end - at) >= size; }
};

Status cut_off() { return Status::corrupt("a row in the state is shorter than its columns say"); }

// Which rows have a value, while a column is read.
class Validity {
 public:
  explicit Validity(size_t rows) : bits_((rows + 7) / 8, '\xff') {}
  void put_null(size_t row) {
    arrow::bit_util::ClearBit(reinterpret_cast<uint8_t*>(bits_.data()), static_cast<int64_t>(row));
    ++nulls_;
  }
  ColumnPtr finish(const Type& type, size_t rows,
                   std::vector<std::shared_ptr<arrow::Buffer>> values) {
    values.insert(values.begin(),
                  nulls_ == 0 ? nullptr : arrow::Buffer::FromString(std::move(bits_)));
    return arrow::MakeArray(arrow::ArrayData::Make(arrow_type(type), static_cast<int64_t>(rows),
                                                   std::move(values), nulls_));
  }

 private:
  std::string bits_;
  int64_t nulls_ = 0;
};

template <size_t Width>
Result<ColumnPtr> read_fixed(const Type& type, size_t number, std::vector<Cursor>& rows) {
  Validity valid(rows.size());
  std::string values(rows.size() * Width, '\0');
  for (size_t row = 0; row < rows.size(); ++row) {
    Cursor& from = rows[row];
    if (!from.is_there(number)) {
      valid.put_null(row);
      continue;
    }
    if (!from.has(Width)) return cut_off();
    std::memcpy(values.data() + row * Width, from.at, Width);
    from.at += Width;
  }
  return valid.finish(type, rows.size(), {arrow::Buffer::FromString(std::move(values))});
}

Result<ColumnPtr> read_booleans(const Type& type, size_t number, std::vector<Cursor>& rows) {
  Validity valid(rows.size());
  std::string values((rows.size() + 7) / 8, '\0');
  for (size_t row = 0; row < rows.size(); ++row) {
    Cursor& from = rows[row];
    if (!from.is_there(number)) {
      valid.put_null(row);
      continue;
    }
    if (!from.has(1)) return cut_off();
    if (*from.at++ == 0) continue;
    arrow::bit_util::SetBit(reinterpret_cast<uint8_t*>(values.data()), static_cast<int64_t>(row));
  }
  return valid.finish(type, rows.size(), {arrow::Buffer::FromString(std::move(values))});
}

Result<ColumnPtr> read_texts(const Type& type, size_t number, std::vector<Cursor>& rows) {
  Validity valid(rows.size());
  std::vector<int32_t> offsets(rows.size() + 1);
  size_t bytes = 0;
  for (size_t row = 0; row < rows.size(); ++row) {
    Cursor& from = rows[row];
    offsets[row] = static_cast<int32_t>(bytes);
    if (!from.is_there(number)) {
      valid.put_null(row);
      continue;
    }
    if (!from.has(kLengthBytes)) return cut_off();
    const size_t size = load_le32(from.at);
    from.at += kLengthBytes;
    if (!from.has(size)) return cut_off();
    from.at += size;
    bytes += size;
    if (bytes > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
      return Status::too_large("the texts of one batch of rows take more than 2 GiB");
    }
  }
  offsets[rows.size()] = static_cast<int32_t>(bytes);
  std::string texts(bytes, '\0');
  for (size_t row = 0; row < rows.size(); ++row) {
    const auto size = static_cast<size_t>(offsets[row + 1] - offsets[row]);
    if (size > 0) std::memcpy(texts.data() + offsets[row], rows[row].at - size, size);
  }
  return valid.finish(
      type, rows.size(),
      {arrow::Buffer::FromVector(std::move(offsets)), arrow::Buffer::FromString(std::move(texts))});
}

Result<ColumnPtr> read_nested(const Type& type, size_t number, std::vector<Cursor>& rows) {
  NestedReader reader(type);
  for (Cursor& from : rows) {
    if (!from.is_there(number)) {
      reader.add_null();
      continue;
    }
    DF_RETURN_IF_ERROR(reader.add(from.at, from.end));
  }
  return reader.finish();
}

Result<ColumnPtr> read_column(const Type& type, size_t number, std::vector<Cursor>& rows) {
  if (type.id() == TypeId::kNull) {
    return ColumnPtr(std::make_shared<arrow::NullArray>(static_cast<int64_t>(rows.size())));
  }
  if (type.id() == TypeId::kBoolean) return read_booleans(type, number, rows);
  if (type.is_nested()) return read_nested(type, number, rows);
  const size_t width = fixed_width_of(type);
  if (width == 0) return read_texts(type, number, rows);
  return with_width(width, [&](auto constant) {
    return read_fixed<decltype(constant)::value>(type, number, rows);
  });
}

}  // namespace

void RowCodec::measure(const Batch& batch) {
  const auto rows = static_cast<size_t>(batch.rows);
  at_.assign(rows + 1, 0);
  size_t of_all = bitmap_bytes();
  for (size_t c = 0; c < batch.columns.size(); ++c) {
    const arrow::Array& column = *batch.columns[c];
    const Type& type = (*schema_)[c].type;
    if (type.id() == TypeId::kNull) continue;
    const size_t width = fixed_width_of(type);
    if (width > 0 && column.null_count() == 0) {
      of_all += width;
      continue;
    }
    for (size_t row = 0; row < rows; ++row) {
      const auto at = static_cast<int64_t>(row);
      if (column.IsNull(at)) continue;
      at_[row + 1] += width > 0          ? width
                      : type.is_nested() ? nested_size(type, column, at)
                                         : kLengthBytes + text_size(column, at);
    }
  }
  for (size_t row = 0; row < rows; ++row) at_[row + 1] += at_[row] + of_all;
}

Status RowCodec::encode(const Batch& batch) {
  measure(batch);
  const auto rows = static_cast<size_t>(batch.rows);
  arena_.resize(at_[rows]);
  rows_.resize(rows);
  const size_t bitmap = bitmap_bytes();
  for (size_t row = 0; row < rows; ++row) {
    rows_[row] = std::string_view(arena_).substr(at_[row], at_[row + 1] - at_[row]);
    std::memset(arena_.data() + at_[row], 0, bitmap);
    at_[row] += bitmap;
  }
  for (size_t c = 0; c < batch.columns.size(); ++c) {
    const ColumnOut out{*batch.columns[c], arena_.data(), rows_, at_, c};
    const Type& type = (*schema_)[c].type;
    if (type.id() == TypeId::kNull) continue;
    if (type.id() == TypeId::kBoolean) {
      put_booleans(out);
    } else if (const size_t width = fixed_width_of(type); width > 0) {
      with_width(width, [&](auto constant) { put_fixed<decltype(constant)::value>(out); });
    } else if (type.is_nested()) {
      put_nested_values(out, type);
    } else {
      put_texts(out);
    }
  }
  return {};
}

Status RowCodec::decode(std::span<const std::string_view> rows,
                        std::vector<ColumnPtr>& columns) const {
  const size_t bitmap = bitmap_bytes();
  std::vector<Cursor> cursors;
  cursors.reserve(rows.size());
  for (const std::string_view row : rows) {
    if (row.data() == nullptr) {
      cursors.push_back({nullptr, nullptr, nullptr});
      continue;
    }
    if (row.size() < bitmap) return cut_off();
    cursors.push_back({row.data(), row.data() + bitmap, row.data() + row.size()});
  }
  for (size_t c = 0; c < schema_->size(); ++c) {
    DF_ASSIGN_OR_RETURN(ColumnPtr column, read_column((*schema_)[c].type, c, cursors));
    columns.push_back(std::move(column));
  }
  for (const Cursor& cursor : cursors) {
    if (cursor.at == cursor.end) continue;
    return Status::corrupt("a row in the state is longer than its columns say");
  }
  return {};
}

}  // namespace dataflow::engine
