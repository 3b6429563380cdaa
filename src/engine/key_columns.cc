#include "key_columns.h"

#include <arrow/array.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/bytes.h"
#include "base/hash.h"

namespace dataflow::engine {
namespace {

template <class Float>
Float one_of_each(Float value) {
  if (value == 0) return 0;
  return std::isnan(value) ? std::numeric_limits<Float>::quiet_NaN() : value;
}

void put_fixed(char* to, const arrow::Array& column, const Type& type, size_t width, int64_t row) {
  const arrow::ArrayData& data = *column.data();
  if (type.id() == TypeId::kBoolean) {
    *to = static_cast<const arrow::BooleanArray&>(column).Value(row) ? 1 : 0;
    return;
  }
  const uint8_t* from = data.buffers[1]->data() + static_cast<size_t>(data.offset + row) * width;
  std::memcpy(to, from, width);
  if (type.id() == TypeId::kFloat64) {
    double value;
    std::memcpy(&value, to, sizeof value);
    value = one_of_each(value);
    std::memcpy(to, &value, sizeof value);
  } else if (type.id() == TypeId::kFloat32) {
    float value;
    std::memcpy(&value, to, sizeof value);
    value = one_of_each(value);
    std::memcpy(to, &value, sizeof value);
  }
}

// Takes the next column's value off the front of a key: nothing for NULL.
Status next_value(std::string_view& key, const Type& type, bool last,
                  std::optional<std::string_view>& value) {
  const auto cut = [] {
    return Status::corrupt("a key in the state is shorter than its columns say");
  };
  if (key.empty()) return cut();
  const bool null = key[0] == 0;
  key.remove_prefix(1);
  value.reset();
  if (null) return {};
  size_t size = fixed_width_of(type);
  if (size == 0 && last) size = key.size();
  if (size == 0 && !last) {
    if (key.size() < 4) return cut();
    size = load_le32(key.data());
    key.remove_prefix(4);
  }
  if (key.size() < size) return cut();
  value = key.substr(0, size);
  key.remove_prefix(size);
  return {};
}

}  // namespace

bool KeyColumns::can_be_key(const Type& type) {
  return fixed_width_of(type) > 0 || is_text_like(type);
}

void KeyColumns::measure(const Batch& batch) {
  const auto rows = static_cast<size_t>(batch.rows);
  at_.assign(rows + 1, 0);
  for (size_t c = 0; c < columns_.size(); ++c) {
    const arrow::Array& column = *batch.columns[columns_[c]];
    const Type& type = (*batch.schema)[columns_[c]].type;
    const size_t width = fixed_width_of(type);
    const bool last = c + 1 == columns_.size();
    for (size_t row = 0; row < rows; ++row) {
      const auto at = static_cast<int64_t>(row);
      uint32_t size = 1;
      if (!column.IsNull(at)) {
        size += width > 0
                    ? static_cast<uint32_t>(width)
                    : (last ? 0 : 4) +
                          static_cast<uint32_t>(
                              static_cast<const arrow::BinaryArray&>(column).value_length(at));
      }
      at_[row + 1] += size;
    }
  }
  for (size_t row = 0; row < rows; ++row) at_[row + 1] += at_[row];
}

void KeyColumns::append_column(const arrow::Array& column, const Type& type, bool last) {
  const size_t width = fixed_width_of(type);
  for (int64_t row = 0; row < column.length(); ++row) {
    char* to = arena_.data() + at_[static_cast<size_t>(row)];
    const bool null = column.IsNull(row);
    *to++ = null ? 0 : 1;
    if (!null && width > 0) {
      put_fixed(to, column, type, width, row);
      to += width;
    } else if (!null) {
      const std::string_view text = static_cast<const arrow::BinaryArray&>(column).GetView(row);
      if (!last) {
        store_le32(to, static_cast<uint32_t>(text.size()));
        to += 4;
      }
      std::memcpy(to, text.data(), text.size());
      to += text.size();
    }
    at_[static_cast<size_t>(row)] = static_cast<uint32_t>(to - arena_.data());
  }
}

// What most keys are: one column of text without NULLs. Its texts already lie one behind the other.
bool KeyColumns::read_one_text(const Batch& batch) {
  if (columns_.size() != 1 || !is_text_like((*batch.schema)[columns_[0]].type)) return false;
  const arrow::Array& column = *batch.columns[columns_[0]];
  if (column.null_count() > 0 || column.data()->buffers[2] == nullptr) return false;
  constexpr size_t kBlock = 16;
  const auto rows = static_cast<size_t>(batch.rows);
  const auto* offsets = column.data()->GetValues<int32_t>(1);
  const char* const texts = reinterpret_cast<const char*>(column.data()->buffers[2]->data());
  const auto text_bytes = static_cast<size_t>(offsets[rows] - offsets[0]);
  arena_.resize(text_bytes + rows + kBlock);
  keys_.resize(rows);
  hashes_.resize(rows);
  char* to = arena_.data();
  // Blocks are copied as long as they end within the texts.
  const int64_t last_block = offsets[rows] - static_cast<int64_t>(kBlock);
  for (size_t row = 0; row < rows; ++row) {
    const auto size = static_cast<size_t>(offsets[row + 1] - offsets[row]);
    const char* const from = texts + offsets[row];
    *to = 1;
    if (size <= kBlock && offsets[row] <= last_block) {
      std::memcpy(to + 1, from, kBlock);
    } else {
      std::memcpy(to + 1, from, size);
    }
    keys_[row] = {to, size + 1};
    hashes_[row] = hash64(keys_[row]);
    to += size + 1;
  }
  return true;
}

Status KeyColumns::read(const Batch& batch) {
  if (read_one_text(batch)) return {};
  const auto rows = static_cast<size_t>(batch.rows);
  measure(batch);
  arena_.resize(at_[rows]);
  keys_.resize(rows);
  hashes_.resize(rows);
  for (size_t row = 0; row < rows; ++row) {
    keys_[row] = std::string_view(arena_).substr(at_[row], at_[row + 1] - at_[row]);
  }
  for (size_t c = 0; c < columns_.size(); ++c) {
    const Type& type = (*batch.schema)[columns_[c]].type;
    append_column(*batch.columns[columns_[c]], type, c + 1 == columns_.size());
  }
  for (size_t row = 0; row < rows; ++row) hashes_[row] = hash64(keys_[row]);
  return {};
}

void KeyColumns::find_nulls(const Batch& batch) {
  nulls_.clear();
  for (const size_t at : columns_) {
    const arrow::Array& column = *batch.columns[at];
    if (column.null_count() == 0) continue;
    nulls_.resize(static_cast<size_t>(batch.rows));
    for (int64_t row = 0; row < batch.rows; ++row) {
      if (column.IsNull(row)) nulls_[static_cast<size_t>(row)] = 1;
    }
  }
}

Result<std::vector<size_t>> key_columns_of(const std::vector<std::string>& names,
                                           const Schema& schema) {
  std::vector<size_t> columns;
  for (const std::string& name : names) {
    DF_ASSIGN_OR_RETURN(const size_t column, schema.require(name));
    columns.push_back(column);
  }
  return columns;
}

Status write_key(std::string_view key, std::span<const size_t> columns,
                 std::vector<ColumnWriter>& writers) {
  for (size_t i = 0; i < columns.size(); ++i) {
    ColumnWriter& writer = writers[columns[i]];
    std::optional<std::string_view> value;
    DF_RETURN_IF_ERROR(next_value(key, writer.type(), i + 1 == columns.size(), value));
    if (value) {
      writer.put_bytes(*value);
    } else {
      writer.put_null();
    }
  }
  if (!key.empty()) return Status::corrupt("a key in the state is longer than its columns say");
  return {};
}

}  // namespace dataflow::engine
