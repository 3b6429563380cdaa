// Rows as columns: what comes to an operator or sink, and what a source or operator makes.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <dataflow/plugin_abi.h>

namespace dataflow::plugin {

// Throw this (or any std::exception) to fail; its words are what the user reads.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline abi::Text to_abi(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view from_abi(abi::Text text) { return {text.data, text.size}; }

enum class RowKind : uint8_t { kInsert = 0, kUpdateBefore = 1, kUpdateAfter = 2, kDelete = 3 };

struct Field {
  std::string name;
  std::string type;  // as SQL writes it: "BIGINT", "TIMESTAMP(3)"
  bool nullable = true;
};

class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields) : fields_(std::move(fields)) {}
  Schema(const abi::Field* fields, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      fields_.push_back({std::string(from_abi(fields[i].name)),
                         std::string(from_abi(fields[i].type)), fields[i].nullable != 0});
    }
  }

  size_t size() const { return fields_.size(); }
  const Field& operator[](size_t i) const { return fields_[i]; }
  const std::vector<Field>& fields() const { return fields_; }
  std::optional<size_t> find(std::string_view name) const {
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].name == name) return i;
    }
    return std::nullopt;
  }
  size_t require(std::string_view name) const {
    if (const auto found = find(name)) return *found;
    std::string all;
    for (const Field& field : fields_) all += (all.empty() ? "" : ", ") + field.name;
    throw Error("there is no column `" + std::string(name) + "`; there are " + all);
  }

 private:
  std::vector<Field> fields_;
};

// How a column of a type lies in memory.
enum class Layout : uint8_t {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFloat,
  kDouble,
  kText,
  kOther
};

inline Layout layout_of(std::string_view type) {
  const auto is = [&](std::string_view word) { return type.substr(0, word.size()) == word; };
  if (is("ARRAY") || is("MAP") || is("ROW") || is("DECIMAL")) return Layout::kOther;
  if (is("BOOLEAN")) return Layout::kBool;
  if (is("TINYINT")) return Layout::kInt8;
  if (is("SMALLINT")) return Layout::kInt16;
  if (is("INTERVAL YEAR") || is("DATE")) return Layout::kInt32;
  if (is("BIGINT") || is("TIMESTAMP") || is("INTERVAL")) return Layout::kInt64;
  if (is("INT")) return Layout::kInt32;
  if (is("FLOAT")) return Layout::kFloat;
  if (is("DOUBLE")) return Layout::kDouble;
  if (is("STRING") || is("BYTES") || is("JSON")) return Layout::kText;
  if (is("TIME")) return type.find_first_of("456") == type.npos ? Layout::kInt32 : Layout::kInt64;
  return Layout::kOther;
}

// One column of a batch. Asking a column for what it does not hold throws.
class Column {
 public:
  Column(const ArrowArray& array, const Field& field, int64_t parent_offset)
      : array_(&array),
        field_(&field),
        layout_(layout_of(field.type)),
        offset_(array.offset + parent_offset) {}

  const Field& field() const { return *field_; }
  bool is_null(int64_t row) const {
    const auto* bits =
        static_cast<const uint8_t*>(array_->n_buffers > 0 ? array_->buffers[0] : nullptr);
    return bits != nullptr && !bit(bits, row);
  }
  // Booleans, integers, dates, times, timestamps and intervals, each in its own unit.
  int64_t integer(int64_t row) const {
    switch (layout_) {
      case Layout::kBool: return bit(static_cast<const uint8_t*>(array_->buffers[1]), row) ? 1 : 0;
      case Layout::kInt8: return value<int8_t>(row);
      case Layout::kInt16: return value<int16_t>(row);
      case Layout::kInt32: return value<int32_t>(row);
      case Layout::kInt64: return value<int64_t>(row);
      default: throw Error(wrong("integers"));
    }
  }
  // Of integers, too.
  double real(int64_t row) const {
    if (layout_ == Layout::kFloat) return value<float>(row);
    if (layout_ == Layout::kDouble) return value<double>(row);
    return static_cast<double>(integer(row));
  }
  // Strings, bytes and JSON.
  std::string_view text(int64_t row) const {
    if (layout_ != Layout::kText) throw Error(wrong("text"));
    const auto* ends = static_cast<const int32_t*>(array_->buffers[1]) + offset_ + row;
    return {static_cast<const char*>(array_->buffers[2]) + ends[0],
            static_cast<size_t>(ends[1] - ends[0])};
  }
  Layout layout() const { return layout_; }
  // For everything else: with Arrow's own libraries, or by hand.
  const ArrowArray& arrow() const { return *array_; }

 private:
  bool bit(const uint8_t* bits, int64_t row) const {
    return (bits[(offset_ + row) >> 3] >> ((offset_ + row) & 7) & 1) != 0;
  }
  template <class T>
  T value(int64_t row) const {
    return static_cast<const T*>(array_->buffers[1])[offset_ + row];
  }
  std::string wrong(const char* wanted) const {
    return "column `" + field_->name + "` is " + field_->type + ", which does not hold " + wanted;
  }

  const ArrowArray* array_;
  const Field* field_;
  Layout layout_;
  int64_t offset_;
};

// A row's key as the server has hashed it. Only keys that came with a row find state.
struct Key {
  uint64_t hash = 0;
  std::string_view bytes;
};

// Rows that came. Valid during the call that they are given to.
class Batch {
 public:
  Batch(const abi::Rows& rows, const Schema& schema) : rows_(&rows), schema_(&schema) {
    for (size_t i = 0; i < schema.size(); ++i) {
      columns_.emplace_back(*rows.columns->children[i], schema[i], rows.columns->offset);
    }
  }

  int64_t size() const { return rows_->size; }
  const Schema& schema() const { return *schema_; }
  const Column& column(size_t i) const { return columns_.at(i); }
  const Column& column(std::string_view name) const { return columns_[schema_->require(name)]; }
  RowKind kind(int64_t row) const {
    return rows_->kinds == nullptr ? RowKind::kInsert : static_cast<RowKind>(rows_->kinds[row]);
  }
  Key key(int64_t row) const {
    if (rows_->keys == nullptr) throw Error("the step has no keys; give it `group_by`");
    return {rows_->hashes[row], from_abi(rows_->keys[row])};
  }

 private:
  const abi::Rows* rows_;
  const Schema* schema_;
  std::vector<Column> columns_;
};

}  // namespace dataflow::plugin
