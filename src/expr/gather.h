// Columns put together of values that stand in other columns: results of functions of arrays, maps
// and rows. Values are named one by one and copied together at the end.
#pragma once

#include "columns.h"

namespace dataflow::expr {

// Values of one type out of several columns (sources), in any order, each as often as wanted.
class Picks {
 public:
  // The number by which the source is named. All sources come before the first pick.
  int64_t add_source(const Input& input);

  void add(int64_t source, int64_t index) { picked_.push_back(base_[at(source)] + index); }
  void add_null() {
    picked_.push_back(0);
    nulls_.push_back(static_cast<int64_t>(picked_.size()) - 1);
  }
  // Of a source's row; a literal has only one.
  void add_row(int64_t source, int64_t row) { add(source, constant_[at(source)] ? 0 : row); }

  int64_t count() const { return static_cast<int64_t>(picked_.size()); }
  // kTooLarge where the values pass what a column can hold.
  Result<ColumnPtr> take(const std::shared_ptr<arrow::DataType>& layout) const;

 private:
  static size_t at(int64_t source) { return static_cast<size_t>(source); }

  std::vector<ColumnPtr> sources_;
  std::vector<int64_t> base_;  // where each source begins among all
  std::vector<bool> constant_;
  int64_t length_ = 0;
  std::vector<int64_t> picked_;
  std::vector<int64_t> nulls_;  // positions in picked_, rising
};

// The columns behind each other; kTooLarge where one cannot hold them.
Result<ColumnPtr> joined_columns(const std::vector<ColumnPtr>& columns);

// A result of one value a row out of the sources; rows that are left out are NULL.
class PickWriter {
 public:
  Status open(int64_t) { return {}; }
  Picks& picks() { return picks_; }
  void set(int64_t row, int64_t source, int64_t index) {
    pad(row);
    picks_.add(source, index);
  }
  Result<ColumnPtr> finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                           const Nulls& nulls);

 private:
  void pad(int64_t row) {
    while (picks_.count() < row) picks_.add_null();
  }

  Picks picks_;
};

// Where each row's part of a list column begins.
class RowOffsets {
 public:
  Status open(int64_t rows);
  // The row's part begins behind so many elements; rows in between have none.
  void begin_row(int64_t row, int64_t elements) {
    for (; written_ <= row; ++written_) offsets_[written_] = static_cast<int32_t>(elements);
  }
  BufferPtr finish(int64_t rows, int64_t elements) {
    begin_row(rows, elements);
    return buffer_;
  }

 private:
  BufferPtr buffer_;
  int32_t* offsets_ = nullptr;
  int64_t written_ = 0;
};

// More would take 2 GiB before any of their values is there.
inline constexpr int64_t kMostPicks = INT32_MAX / 8;

// A result of arrays: what is picked behind begin_row(row) is the row's.
class ListWriter {
 public:
  Status open(int64_t rows) { return offsets_.open(rows); }
  Picks& picks() { return picks_; }
  bool too_large() const { return picks_.count() > kMostPicks; }
  void begin_row(int64_t row) { offsets_.begin_row(row, picks_.count()); }
  Result<ColumnPtr> finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                           const Nulls& nulls);

 protected:
  Result<BufferPtr> finish_offsets(int64_t rows);

  Picks picks_;

 private:
  RowOffsets offsets_;
};

// A result of maps: as many values as keys.
class MapWriter : public ListWriter {
 public:
  Picks& keys() { return picks(); }
  Picks& values() { return values_; }
  Result<ColumnPtr> finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                           const Nulls& nulls);

 private:
  Picks values_;
};

// The elements of arrays, or the entries of maps, by row.
class Lists {
 public:
  Lists() = default;
  explicit Lists(const Input& input);

  int64_t begin(int64_t row) const { return offsets_[row * step_]; }
  int64_t end(int64_t row) const { return offsets_[row * step_ + 1]; }
  int64_t size(int64_t row) const { return end(row) - begin(row); }
  const ColumnPtr& elements() const { return elements_; }  // of a map: its keys
  const ColumnPtr& values() const { return values_; }      // of a map

 private:
  int64_t step_ = 1;
  const int32_t* offsets_ = nullptr;
  ColumnPtr elements_;
  ColumnPtr values_;
};

}  // namespace dataflow::expr
