// StoredRows: rows as bytes, and the bytes of their keys, for who keeps rows outside of a job. Keys
// stand in the order of their columns (NULL last) if compared as bytes; equal keys have equal
// bytes, -0.0 and 0.0 are one. A key begins with the bytes of its first columns, and no column's
// are the beginning of another value's.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "types/batch.h"

namespace dataflow::engine {

class StoredRows {
 public:
  // kNotFound for a column that is not there, kInvalid for one whose type has no order.
  static Result<StoredRows> make(SchemaPtr schema, const std::vector<std::string>& key);
  StoredRows(StoredRows&& other) noexcept;
  ~StoredRows();

  // Of deletions only the columns of the key count.
  Status read(const Batch& batch);
  // Of each row of that batch; valid until the next read().
  std::span<const std::string_view> keys() const;
  std::span<const std::string_view> rows() const;

  // Thread-safe, also beside read().
  Result<Batch> decode(std::span<const std::string_view> rows) const;
  // What the keys begin with whose first columns have these values, each of its column's type.
  Result<std::string> key_prefix(std::span<const Value> values) const;
  // What the next column's bytes begin with: where it has a value, where it is NULL.
  static constexpr char kValueMark = 1;
  static constexpr char kNullMark = 2;

 private:
  class Impl;
  explicit StoredRows(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dataflow::engine
