// BatchBuilder: makes rows column by column, each value behind the last one.
#pragma once

#include <cstdlib>
#include <new>
#include <utility>

#include <dataflow/plugin_batch.h>

namespace dataflow::plugin {
namespace detail {

// Memory of one array, with its children; freed by its release().
struct OwnedArray {
  std::vector<std::string> memory;
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> child_pointers;
};

inline void release_array(ArrowArray* array) {
  for (int64_t i = 0; i < array->n_children; ++i) {
    if (array->children[i]->release != nullptr) array->children[i]->release(array->children[i]);
  }
  delete static_cast<OwnedArray*>(array->private_data);
  array->release = nullptr;
}

// No overlong forms, no surrogates, nothing beyond U+10FFFF.
inline bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* const end = at + text.size();
  while (at < end) {
    uint64_t eight = 0;
    if (end - at >= 8) std::memcpy(&eight, at, 8);
    if (end - at >= 8 && (eight & 0x8080808080808080) == 0) {
      at += 8;
      continue;
    }
    const uint8_t lead = *at++;
    if (lead < 0x80) continue;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || end - at < more) return false;
    const uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (*at < least || *at > most) return false;
    for (int i = 1; i < more; ++i) {
      if ((at[i] & 0xC0) != 0x80) return false;
    }
    at += more;
  }
  return true;
}

}  // namespace detail

class BatchBuilder {
 public:
  explicit BatchBuilder(Schema schema) : schema_(std::move(schema)) {
    for (const Field& field : schema_.fields()) {
      Values& values = columns_.emplace_back();
      values.layout = layout_of(field.type);
      values.is_utf8 = values.layout == Layout::kText && !holds_bytes(field);
      if (values.layout != Layout::kOther) continue;
      throw Error("column `" + field.name + "` is " + field.type +
                  ", which BatchBuilder cannot make");
    }
  }

  const Schema& schema() const { return schema_; }
  int64_t size() const { return columns_.empty() ? 0 : columns_[0].rows; }
  // Whether no column has a value: columns of unequal length are finish()'s to refuse.
  bool empty() const {
    for (const Values& values : columns_) {
      if (values.rows > 0) return false;
    }
    return true;
  }

  void null(size_t column) {
    Values& values = columns_.at(column);
    if (!schema_[column].nullable) {
      throw Error("column `" + schema_[column].name + "` is NOT NULL, and is given NULL");
    }
    values.begin(false);
    if (values.layout == Layout::kText) return values.end_text();
    values.bytes.append(width(values.layout), '\0');
  }
  void integer(size_t column, int64_t value) {
    Values& values = columns_.at(column);
    if (values.layout > Layout::kInt64) throw Error(wrong(column, "an integer"));
    if (!fits(values.layout, value)) {
      throw Error(wrong(column, ("the integer " + std::to_string(value)).c_str()));
    }
    values.begin(true);
    const auto bytes = static_cast<size_t>(width(values.layout));
    // Little-endian: the lower bytes stand first.
    values.bytes.append(reinterpret_cast<const char*>(&value), bytes);
  }
  void real(size_t column, double value) {
    Values& values = columns_.at(column);
    if (values.layout == Layout::kFloat) {
      const auto narrow = static_cast<float>(value);
      values.begin(true);
      values.bytes.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
    } else if (values.layout == Layout::kDouble) {
      values.begin(true);
      values.bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    } else {
      throw Error(wrong(column, "a floating-point number"));
    }
  }
  void text(size_t column, std::string_view value) {
    Values& values = columns_.at(column);
    if (values.layout != Layout::kText) throw Error(wrong(column, "text"));
    if (values.is_utf8 && !detail::is_utf8(value))
      throw Error(wrong(column, "text that is not UTF-8"));
    put_text(values, value);
  }
  // A value of a column that came, of the same layout.
  void copy(size_t column, const Column& from, int64_t row) {
    if (from.is_null(row)) return null(column);
    switch (from.layout()) {
      // What came in a column of text is UTF-8 already.
      case Layout::kText:
        if (columns_.at(column).is_utf8 && !holds_bytes(from.field())) {
          return put_text(columns_[column], from.text(row));
        }
        return text(column, from.text(row));
      case Layout::kFloat:
      case Layout::kDouble: return real(column, from.real(row));
      default: return integer(column, from.integer(row));
    }
  }
  // What the row that was begun last does; kInsert if this is not called.
  void kind(RowKind kind) {
    kinds_.resize(static_cast<size_t>(size()), 0);
    if (!kinds_.empty()) kinds_.back() = static_cast<uint8_t>(kind);
  }

  // Null if no row has a kind but kInsert. Valid until finish().
  const uint8_t* kinds() {
    if (kinds_.empty()) return nullptr;
    kinds_.resize(static_cast<size_t>(size()), 0);
    return kinds_.data();
  }
  // The rows as one struct array, and begins anew.
  ArrowArray finish() {
    const int64_t rows = size();
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].rows == rows) continue;
      throw Error("column `" + schema_[i].name + "` has " + std::to_string(columns_[i].rows) +
                  " values, and the first one " + std::to_string(rows));
    }
    auto owned = std::make_unique<detail::OwnedArray>();
    owned->buffers = {nullptr};
    owned->children.resize(columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i) {
      owned->children[i] = columns_[i].take();
      owned->child_pointers.push_back(&owned->children[i]);
    }
    kinds_.clear();
    return array_of(std::move(owned), rows, 0);
  }

 private:
  static size_t width(Layout layout) {
    switch (layout) {
      case Layout::kBool:
      case Layout::kInt8: return 1;
      case Layout::kInt16: return 2;
      case Layout::kInt32:
      case Layout::kFloat: return 4;
      case Layout::kInt64:
      case Layout::kDouble: return 8;
      default: throw Error("columns of this type cannot be made here");
    }
  }
  static ArrowArray array_of(std::unique_ptr<detail::OwnedArray> owned, int64_t rows,
                             int64_t nulls) {
    ArrowArray array{};
    array.length = rows;
    array.null_count = nulls;
    array.n_buffers = static_cast<int64_t>(owned->buffers.size());
    array.n_children = static_cast<int64_t>(owned->children.size());
    array.buffers = owned->buffers.data();
    array.children = owned->child_pointers.data();
    array.release = detail::release_array;
    array.private_data = owned.release();
    return array;
  }

  struct Values {
    Layout layout = Layout::kOther;
    bool is_utf8 = false;
    int64_t rows = 0;
    int64_t nulls = 0;
    std::string bytes;  // of values; booleans a byte each
    std::string valid;  // a byte each
    std::vector<int32_t> ends{0};

    void begin(bool is_valid) {
      ++rows;
      nulls += is_valid ? 0 : 1;
      valid.push_back(is_valid ? 1 : 0);
    }
    void end_text() { ends.push_back(static_cast<int32_t>(bytes.size())); }
    static std::string bits(const std::string& from) {
      std::string made((from.size() + 7) / 8 + kPadding, '\0');
      for (size_t i = 0; i < from.size(); ++i) {
        if (from[i] != 0) made[i / 8] = static_cast<char>(made[i / 8] | 1 << (i % 8));
      }
      return made;
    }
    ArrowArray take() {
      auto owned = std::make_unique<detail::OwnedArray>();
      owned->memory.push_back(nulls > 0 ? bits(valid) : std::string());
      if (layout == Layout::kText) {
        owned->memory.emplace_back(reinterpret_cast<const char*>(ends.data()),
                                   ends.size() * sizeof ends[0]);
      }
      owned->memory.push_back(layout == Layout::kBool ? bits(bytes) : std::move(bytes));
      for (std::string& memory : owned->memory) memory.append(kPadding, '\0');
      for (const std::string& memory : owned->memory) owned->buffers.push_back(memory.data());
      if (nulls == 0) owned->buffers[0] = nullptr;
      const int64_t count = std::exchange(rows, 0);
      const int64_t of_nulls = std::exchange(nulls, 0);
      bytes.clear();
      valid.clear();
      ends.assign(1, 0);
      return array_of(std::move(owned), count, of_nulls);
    }
    static constexpr size_t kPadding = 64;  // readers may look beyond the end
  };

  static void put_text(Values& values, std::string_view value) {
    if (values.bytes.size() + value.size() > INT32_MAX) throw Error("2 GiB of text in one batch");
    values.begin(true);
    values.bytes.append(value);
    values.end_text();
  }
  static bool holds_bytes(const Field& field) { return field.type.starts_with("BYTES"); }
  static bool fits(Layout layout, int64_t value) {
    switch (layout) {
      case Layout::kBool: return value == 0 || value == 1;
      case Layout::kInt8: return value == static_cast<int8_t>(value);
      case Layout::kInt16: return value == static_cast<int16_t>(value);
      case Layout::kInt32: return value == static_cast<int32_t>(value);
      default: return true;
    }
  }
  std::string wrong(size_t column, const char* given) const {
    return "column `" + schema_[column].name + "` is " + schema_[column].type + ", and is given " +
           given;
  }

  Schema schema_;
  std::vector<Values> columns_;
  std::vector<uint8_t> kinds_;
};

}  // namespace dataflow::plugin
