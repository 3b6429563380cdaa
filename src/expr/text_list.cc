#include "text_list.h"

#include <arrow/type.h>

namespace dataflow::expr {

namespace {

Status too_large() {
  return Status::too_large("the texts of one batch take more than 2 GiB; make batches smaller");
}

}  // namespace

Result<ColumnPtr> TextColumn::finish(const std::shared_ptr<arrow::DataType>& layout) {
  if (too_large()) return expr::too_large();
  DF_ASSIGN_OR_RETURN(BufferPtr offsets, allocate((count() + 1) * 4));
  auto* out = reinterpret_cast<int32_t*>(offsets->mutable_data());
  *out++ = 0;
  for (const size_t end : ends_) *out++ = static_cast<int32_t>(end);
  BufferPtr valid;
  if (!nulls_.empty()) {
    DF_ASSIGN_OR_RETURN(valid, allocate_bits(count(), true));
    for (const int64_t at : nulls_) arrow::bit_util::ClearBit(valid->mutable_data(), at);
  }
  return make_array(
      layout, count(),
      {std::move(valid), std::move(offsets), arrow::Buffer::FromString(std::move(bytes_))});
}

Result<BufferPtr> TextListWriter::finish_offsets(int64_t rows) {
  if (texts_.too_large()) return expr::too_large();
  return offsets_.finish(rows, texts_.count());
}

Result<ColumnPtr> TextListWriter::finish(const std::shared_ptr<arrow::DataType>& layout,
                                         int64_t rows, const Nulls& nulls) {
  DF_ASSIGN_OR_RETURN(BufferPtr offsets, finish_offsets(rows));
  DF_ASSIGN_OR_RETURN(ColumnPtr texts, texts_.finish(layout->field(0)->type()));
  return make_nested(layout, rows, {nulls.bits(), std::move(offsets)}, {std::move(texts)});
}

Result<ColumnPtr> TextMapWriter::finish(const std::shared_ptr<arrow::DataType>& layout,
                                        int64_t rows, const Nulls& nulls) {
  DF_ASSIGN_OR_RETURN(BufferPtr offsets, finish_offsets(rows));
  const auto& entry = layout->field(0)->type();
  const int64_t count = texts_.count();
  DF_ASSIGN_OR_RETURN(ColumnPtr keys, texts_.finish(entry->field(0)->type()));
  DF_ASSIGN_OR_RETURN(ColumnPtr values, values_.finish(entry->field(1)->type()));
  ColumnPtr entries = make_nested(entry, count, {nullptr}, {std::move(keys), std::move(values)});
  return make_nested(layout, rows, {nulls.bits(), std::move(offsets)}, {std::move(entries)});
}

}  // namespace dataflow::expr
