// GatheredValues: what lists and percentiles keep of their rows, and what they make of it.
//
// A value as bytes, which are state: u8 1 and the value as nested_values.h has it, or u8 0: NULL.
// Of two arguments it is a row of both.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "column_writer.h"
#include "plan/aggregate.h"

namespace arrow {
class Array;
}

namespace dataflow::engine {

class GatheredValues {
 public:
  // Null: the function is none of them, or does not take the type. With an order the argument is
  // ROW(value, key, …).
  static std::unique_ptr<GatheredValues> make(const plan::Aggregate& aggregate,
                                              const Type& argument);
  GatheredValues(Type type, bool keeps_nulls, bool distinct)
      : type_(std::move(type)), keeps_nulls_(keeps_nulls), distinct_(distinct) {}
  virtual ~GatheredValues() = default;

  // Whether the row's value is kept.
  virtual bool takes(const arrow::Array& column, int64_t row) const;
  void append(const arrow::Array& column, int64_t row, std::string& out) const;

  bool distinct() const { return distinct_; }
  // Leaves each once, where it stands first.
  void drop_repeated(std::vector<std::string_view>& values) const;
  const Type& type() const { return type_; }
  // The result of a group's values, in the order of their arrival. kCorrupt: they are none.
  virtual Status put(std::span<const std::string_view> values, ColumnWriter& out) const = 0;

 private:
  const Type type_;
  const bool keeps_nulls_;
  const bool distinct_;
};

// What tells a value from others: 0.0 is -0.0, and every NaN one.
std::string_view told_apart(const Type& type, std::string_view value);

}  // namespace dataflow::engine
