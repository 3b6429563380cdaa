#include "nested_values.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>

#include <cstring>
#include <limits>
#include <utility>

#include "base/bytes.h"

namespace dataflow::engine {
namespace {

constexpr size_t kLengthBytes = 4;
constexpr size_t kMostOfColumn = std::numeric_limits<int32_t>::max();

size_t bytes_of_bits(size_t bits) { return (bits + 7) / 8; }
bool bit_of(const char* bits, size_t number) { return (bits[number / 8] >> number % 8 & 1) != 0; }
void set_bit(char* bits, size_t number) {
  bits[number / 8] = static_cast<char>(bits[number / 8] | 1 << number % 8);
}
// One more, at the end of `count`.
void append_bit(std::string& bits, int64_t count, bool value) {
  if (count % 8 == 0) bits.push_back('\0');
  if (value) set_bit(bits.data(), static_cast<size_t>(count));
}

bool has_values(const Type& type) { return type.id() != TypeId::kNull; }

// What of other columns makes up a value of an array or a map.
struct Run {
  int64_t begin, end;
  size_t count() const { return static_cast<size_t>(end - begin); }
};

Run run_of(const arrow::Array& column, int64_t row) {
  const auto& list = static_cast<const arrow::ListArray&>(column);  // a map is one, too
  return {list.value_offset(row), list.value_offset(row + 1)};
}

size_t group_size(const Type& type, const arrow::Array& column, Run run) {
  size_t bytes = bytes_of_bits(run.count());
  if (!has_values(type)) return bytes;
  const size_t width = fixed_width_of(type);
  if (width > 0 && column.null_count() == 0) return bytes + width * run.count();
  for (int64_t i = run.begin; i < run.end; ++i) {
    if (!column.IsNull(i)) bytes += nested_size(type, column, i);
  }
  return bytes;
}

char* put_group(const Type& type, const arrow::Array& column, Run run, char* to) {
  char* const bits = to;
  to += bytes_of_bits(run.count());
  std::memset(bits, 0, static_cast<size_t>(to - bits));
  if (!has_values(type)) return to;
  for (int64_t i = run.begin; i < run.end; ++i) {
    if (column.IsNull(i)) continue;
    set_bit(bits, static_cast<size_t>(i - run.begin));
    to = put_nested(type, column, i, to);
  }
  return to;
}

char* put_row(const Type& type, const arrow::StructArray& column, int64_t row, char* to) {
  char* const bits = to;
  to += bytes_of_bits(type.fields().size());
  std::memset(bits, 0, static_cast<size_t>(to - bits));
  for (size_t i = 0; i < type.fields().size(); ++i) {
    const Type& field = type.fields()[i].type;
    const arrow::Array& values = *column.field(static_cast<int>(i));
    if (!has_values(field) || values.IsNull(row)) continue;
    set_bit(bits, i);
    to = put_nested(field, values, row, to);
  }
  return to;
}

size_t row_size(const Type& type, const arrow::StructArray& column, int64_t row) {
  size_t bytes = bytes_of_bits(type.fields().size());
  for (size_t i = 0; i < type.fields().size(); ++i) {
    const Type& field = type.fields()[i].type;
    const arrow::Array& values = *column.field(static_cast<int>(i));
    if (has_values(field) && !values.IsNull(row)) bytes += nested_size(field, values, row);
  }
  return bytes;
}

char* put_count(size_t count, char* to) {
  store_le32(to, static_cast<uint32_t>(count));
  return to + kLengthBytes;
}

char* put_text(std::string_view text, char* to) {
  to = put_count(text.size(), to);
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

Status cut_off() { return Status::corrupt("a nested value in the state is cut off"); }

Result<size_t> read_count(const char*& at, const char* end) {
  if (static_cast<size_t>(end - at) < kLengthBytes) return cut_off();
  const size_t count = load_le32(at);
  at += kLengthBytes;
  return count;
}

}  // namespace

size_t nested_size(const Type& type, const arrow::Array& column, int64_t row) {
  const size_t width = fixed_width_of(type);
  if (width > 0) return width;
  switch (type.id()) {
    case TypeId::kArray:
      return kLengthBytes + group_size(type.element(),
                                       *static_cast<const arrow::ListArray&>(column).values(),
                                       run_of(column, row));
    case TypeId::kMap: {
      const auto& map = static_cast<const arrow::MapArray&>(column);
      const Run run = run_of(column, row);
      return kLengthBytes + group_size(type.fields()[0].type, *map.keys(), run) +
             group_size(type.fields()[1].type, *map.items(), run);
    }
    case TypeId::kRow: return row_size(type, static_cast<const arrow::StructArray&>(column), row);
    default:
      return kLengthBytes +
             static_cast<size_t>(static_cast<const arrow::BinaryArray&>(column).value_length(row));
  }
}

char* put_nested(const Type& type, const arrow::Array& column, int64_t row, char* to) {
  if (type.id() == TypeId::kBoolean) {
    *to = static_cast<const arrow::BooleanArray&>(column).Value(row) ? 1 : 0;
    return to + 1;
  }
  if (const size_t width = fixed_width_of(type); width > 0) {
    const arrow::ArrayData& data = *column.data();
    std::memcpy(to, data.buffers[1]->data() + static_cast<size_t>(data.offset + row) * width,
                width);
    return to + width;
  }
  switch (type.id()) {
    case TypeId::kArray: {
      const Run run = run_of(column, row);
      return put_group(type.element(), *static_cast<const arrow::ListArray&>(column).values(), run,
                       put_count(run.count(), to));
    }
    case TypeId::kMap: {
      const auto& map = static_cast<const arrow::MapArray&>(column);
      const Run run = run_of(column, row);
      to = put_group(type.fields()[0].type, *map.keys(), run, put_count(run.count(), to));
      return put_group(type.fields()[1].type, *map.items(), run, to);
    }
    case TypeId::kRow:
      return put_row(type, static_cast<const arrow::StructArray&>(column), row, to);
    default: return put_text(static_cast<const arrow::BinaryArray&>(column).GetView(row), to);
  }
}

NestedReader::NestedReader(const Type& type) : type_(type), width_(fixed_width_of(type)) {
  if (width_ == 0) offsets_.push_back(0);
  if (!type.is_nested()) return;
  for (const Field& field : type.fields()) children_.emplace_back(field.type);
}

void NestedReader::end_value(bool is_there) {
  append_bit(valid_, rows_, is_there);
  ++rows_;
  if (!is_there) ++nulls_;
}

void NestedReader::add_null() {
  if (type_.id() == TypeId::kBoolean) {
    append_bit(values_, rows_, false);
  } else if (width_ > 0) {
    values_.append(width_, '\0');
  } else if (type_.id() == TypeId::kRow) {
    for (NestedReader& child : children_) child.add_null();
  } else {
    offsets_.push_back(offsets_.back());
  }
  end_value(false);
}

Status NestedReader::add(const char*& at, const char* end) {
  switch (type_.id()) {
    case TypeId::kNull: return cut_off();
    case TypeId::kArray:
    case TypeId::kMap: DF_RETURN_IF_ERROR(add_list(at, end)); break;
    case TypeId::kRow: DF_RETURN_IF_ERROR(add_row(at, end)); break;
    default:
      if (width_ == 0) {
        DF_RETURN_IF_ERROR(add_text(at, end));
        break;
      }
      if (static_cast<size_t>(end - at) < width_) return cut_off();
      if (type_.id() == TypeId::kBoolean) {
        append_bit(values_, rows_, *at != 0);
      } else {
        values_.append(at, width_);
      }
      at += width_;
  }
  end_value(true);
  return {};
}

Status NestedReader::add_group(size_t count, const char*& at, const char* end) {
  const char* const bits = at;
  if (static_cast<size_t>(end - at) < bytes_of_bits(count)) return cut_off();
  at += bytes_of_bits(count);
  for (size_t i = 0; i < count; ++i) {
    if (!bit_of(bits, i)) {
      add_null();
      continue;
    }
    DF_RETURN_IF_ERROR(add(at, end));
  }
  return {};
}

Status NestedReader::add_text(const char*& at, const char* end) {
  DF_ASSIGN_OR_RETURN(const size_t size, read_count(at, end));
  if (static_cast<size_t>(end - at) < size) return cut_off();
  if (values_.size() + size > kMostOfColumn) {
    return Status::too_large("the texts of one batch of rows take more than 2 GiB");
  }
  values_.append(at, size);
  at += size;
  offsets_.push_back(static_cast<int32_t>(values_.size()));
  return {};
}

Status NestedReader::add_list(const char*& at, const char* end) {
  DF_ASSIGN_OR_RETURN(const size_t count, read_count(at, end));
  for (NestedReader& child : children_) {
    if (static_cast<size_t>(child.rows_) + count > kMostOfColumn) {
      return Status::too_large("the arrays of one batch of rows have more than 2^31 elements");
    }
    DF_RETURN_IF_ERROR(child.add_group(count, at, end));
  }
  if (type_.id() == TypeId::kMap && children_.front().nulls_ > 0) {
    return Status::corrupt("a map in the state has a key that is NULL");
  }
  offsets_.push_back(static_cast<int32_t>(children_.front().rows_));
  return {};
}

Status NestedReader::add_row(const char*& at, const char* end) {
  const char* const bits = at;
  if (static_cast<size_t>(end - at) < bytes_of_bits(children_.size())) return cut_off();
  at += bytes_of_bits(children_.size());
  for (size_t i = 0; i < children_.size(); ++i) {
    if (!bit_of(bits, i)) {
      children_[i].add_null();
      continue;
    }
    DF_RETURN_IF_ERROR(children_[i].add(at, end));
  }
  return {};
}

ColumnPtr NestedReader::finish() {
  if (type_.id() == TypeId::kNull) return std::make_shared<arrow::NullArray>(rows_);
  const auto type = arrow_type(type_);
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {
      nulls_ == 0 ? nullptr : arrow::Buffer::FromString(std::move(valid_))};
  if (width_ == 0 && type_.id() != TypeId::kRow) {
    buffers.push_back(arrow::Buffer::FromVector(std::move(offsets_)));
  }
  if (!type_.is_nested()) buffers.push_back(arrow::Buffer::FromString(std::move(values_)));
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (NestedReader& child : children_) children.push_back(child.finish()->data());
  if (type_.id() == TypeId::kMap) {
    const auto& map = static_cast<const arrow::MapType&>(*type);
    const int64_t entries = children.front()->length;
    auto pairs = arrow::ArrayData::Make(map.value_type(), entries, {nullptr}, std::move(children));
    children = {std::move(pairs)};
  }
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, rows_, std::move(buffers), std::move(children), nulls_));
}

}  // namespace dataflow::engine
