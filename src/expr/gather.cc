#include "gather.h"

#include <arrow/array/array_nested.h>
#include <arrow/array/concatenate.h>
#include <arrow/compute/api_vector.h>
#include <arrow/type.h>

namespace dataflow::expr {

namespace {

Status too_large() {
  return Status::too_large(
      "the arrays of one batch hold more than a column can; "
      "make batches smaller");
}

}  // namespace

Result<ColumnPtr> joined_columns(const std::vector<ColumnPtr>& columns) {
  if (columns.size() == 1) return columns[0];
  auto joined = arrow::Concatenate(columns);
  if (!joined.ok()) return too_large();
  return std::move(joined).ValueUnsafe();
}

int64_t Picks::add_source(const Input& input) {
  sources_.push_back(input.column);
  base_.push_back(length_);
  constant_.push_back(input.constant);
  length_ += input.column->length();
  return static_cast<int64_t>(sources_.size()) - 1;
}

Result<ColumnPtr> Picks::take(const std::shared_ptr<arrow::DataType>& layout) const {
  if (length_ == 0 || nulls_.size() == picked_.size()) return all_null(layout, count());
  DF_ASSIGN_OR_RETURN(const ColumnPtr all, joined_columns(sources_));
  BufferPtr valid;
  if (!nulls_.empty()) {
    DF_ASSIGN_OR_RETURN(valid, allocate_bits(count(), true));
    for (const int64_t at : nulls_) arrow::bit_util::ClearBit(valid->mutable_data(), at);
  }
  const arrow::Int64Array indices(count(), arrow::Buffer::Wrap(picked_), valid,
                                  static_cast<int64_t>(nulls_.size()));
  auto taken = arrow::compute::Take(*all, indices, arrow::compute::TakeOptions::NoBoundsCheck());
  if (!taken.ok()) return too_large();
  return std::move(taken).ValueUnsafe();
}

Result<ColumnPtr> PickWriter::finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                                     const Nulls&) {
  pad(rows);
  return picks_.take(layout);
}

Status RowOffsets::open(int64_t rows) {
  DF_ASSIGN_OR_RETURN(buffer_, allocate((rows + 1) * 4));
  offsets_ = reinterpret_cast<int32_t*>(buffer_->mutable_data());
  return {};
}

Result<BufferPtr> ListWriter::finish_offsets(int64_t rows) {
  if (too_large()) return expr::too_large();
  return offsets_.finish(rows, picks_.count());
}

Result<ColumnPtr> ListWriter::finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                                     const Nulls& nulls) {
  DF_ASSIGN_OR_RETURN(BufferPtr offsets, finish_offsets(rows));
  DF_ASSIGN_OR_RETURN(ColumnPtr elements, picks_.take(layout->field(0)->type()));
  return make_nested(layout, rows, {nulls.bits(), std::move(offsets)}, {std::move(elements)});
}

Result<ColumnPtr> MapWriter::finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                                    const Nulls& nulls) {
  DF_ASSIGN_OR_RETURN(BufferPtr offsets, finish_offsets(rows));
  const auto& entry = layout->field(0)->type();
  DF_ASSIGN_OR_RETURN(ColumnPtr keys, picks_.take(entry->field(0)->type()));
  DF_ASSIGN_OR_RETURN(ColumnPtr values, values_.take(entry->field(1)->type()));
  const int64_t count = keys->length();
  ColumnPtr entries = make_nested(entry, count, {nullptr}, {std::move(keys), std::move(values)});
  return make_nested(layout, rows, {nulls.bits(), std::move(offsets)}, {std::move(entries)});
}

Lists::Lists(const Input& input) : step_(input.constant ? 0 : 1) {
  if (input.column->type_id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapArray&>(*input.column);
    offsets_ = map.raw_value_offsets();
    elements_ = map.keys();
    values_ = map.items();
  } else {
    const auto& list = static_cast<const arrow::ListArray&>(*input.column);
    offsets_ = list.raw_value_offsets();
    elements_ = list.values();
  }
}

}  // namespace dataflow::expr
