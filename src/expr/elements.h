// How the values inside of arrays, maps and rows compare with each other.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "columns.h"

namespace dataflow::expr {

// Of two columns of one type, values by their positions.
class Elements {
 public:
  virtual ~Elements() = default;
  // As = has it, but NULL is equal to NULL.
  virtual bool equal(int64_t left, int64_t right) const = 0;
  // As = has it: unknown where one is NULL, and of rows where no field differs and one is unknown.
  // Within arrays and maps NULL is equal to NULL.
  virtual std::optional<bool> same(int64_t left, int64_t right) const = 0;
  // Of values that are not NULL, of a type with has_order(): below 0, 0, above 0.
  virtual int order(int64_t left, int64_t right) const = 0;
  // Of the left column's value; equal values have the same.
  virtual uint64_t hash(int64_t left) const = 0;

  virtual bool left_is_null(int64_t at) const = 0;
  virtual bool right_is_null(int64_t at) const = 0;
};

bool has_order(const Type& type);
std::unique_ptr<const Elements> make_elements(const Type& type, const ColumnPtr& left,
                                              const ColumnPtr& right);

// A set of values of one column, by their positions.
class ElementSet {
 public:
  // `both` compares the column with itself.
  explicit ElementSet(const Elements& both) : both_(both) {}

  // Empty again, with room for `count` values.
  void clear(int64_t count);
  // The equal value that was there before; `at` itself if it is new.
  int64_t insert(int64_t at);
  bool contains(int64_t at) const;

 private:
  // The slot of the equal value, or the free one for it.
  size_t slot_of(int64_t at) const;

  const Elements& both_;
  std::vector<int64_t> slots_;  // -1: free
};

}  // namespace dataflow::expr
