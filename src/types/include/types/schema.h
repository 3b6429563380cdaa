// Schema: the names and types of a table's or a batch's columns.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "types/type.h"

namespace dataflow {

class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields) : fields_(std::move(fields)) {}

  const std::vector<Field>& fields() const { return fields_; }
  size_t size() const { return fields_.size(); }
  const Field& operator[](size_t i) const { return fields_[i]; }

  // The exact name if there is one; else the only one that matches without regard to case.
  std::optional<size_t> find(std::string_view name) const;
  // kNotFound, naming the nearest field (or all of them, where they are few).
  Result<size_t> require(std::string_view name) const;

  std::string to_string() const;  // "(a INT, b STRING)"

  friend bool operator==(const Schema&, const Schema&) = default;

 private:
  std::vector<Field> fields_;
};

using SchemaPtr = std::shared_ptr<const Schema>;

}  // namespace dataflow
