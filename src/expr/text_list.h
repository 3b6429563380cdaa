// Results of arrays of texts, and of maps from text to text, that are written row by row.
#pragma once

#include <vector>

#include "gather.h"

namespace dataflow::expr {

// A growing column of texts.
class TextColumn {
 public:
  int64_t count() const { return static_cast<int64_t>(ends_.size()); }
  void add(std::string_view text) {
    bytes_.append(text);
    ends_.push_back(bytes_.size());
  }
  void add_null() {
    nulls_.push_back(count());
    ends_.push_back(bytes_.size());
  }
  // Short texts cost more than their bytes.
  bool too_large() const {
    return bytes_.size() > INT32_MAX || ends_.size() > INT32_MAX / sizeof(size_t);
  }
  Result<ColumnPtr> finish(const std::shared_ptr<arrow::DataType>& layout);

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
  std::vector<int64_t> nulls_;  // rising
};

// Arrays of texts: what is added behind begin_row(row) is the row's.
class TextListWriter {
 public:
  Status open(int64_t rows) { return offsets_.open(rows); }
  TextColumn& texts() { return texts_; }
  bool too_large() const { return texts_.too_large(); }
  void begin_row(int64_t row) { offsets_.begin_row(row, texts_.count()); }
  Result<ColumnPtr> finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                           const Nulls& nulls);

 protected:
  Result<BufferPtr> finish_offsets(int64_t rows);

  TextColumn texts_;

 private:
  RowOffsets offsets_;
};

class TextMapWriter : public TextListWriter {
 public:
  TextColumn& keys() { return texts(); }
  TextColumn& values() { return values_; }
  bool too_large() const { return texts_.too_large() || values_.too_large(); }
  Result<ColumnPtr> finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                           const Nulls& nulls);

 private:
  TextColumn values_;
};

}  // namespace dataflow::expr
