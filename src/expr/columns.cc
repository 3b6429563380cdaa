#include "columns.h"

#include <arrow/array/util.h>
#include <arrow/util/bitmap_ops.h>

#include <bit>

namespace dataflow::expr {

namespace {

Status from_arrow(const arrow::Status& status) {
  if (status.ok()) return {};
  return Status::internal("evaluating an expression: " + status.ToString());
}

// `bits` from `offset` on, from bit 0 and padded to words.
Result<BufferPtr> realigned(const BufferPtr& bits, int64_t offset, int64_t rows) {
  int64_t padded = word_count(rows) * 8;
  if (offset == 0 && bits->capacity() >= padded) return bits;
  DF_ASSIGN_OR_RETURN(BufferPtr out, allocate_bits(rows, false));
  arrow::internal::CopyBitmap(bits->data(), offset, rows, out->mutable_data(), 0);
  return out;
}

}  // namespace

Result<BufferPtr> allocate(int64_t bytes) {
  auto made = arrow::AllocateBuffer((bytes + 63) / 64 * 64 + 64);
  if (!made.ok()) return from_arrow(made.status());
  return BufferPtr(std::move(made).ValueUnsafe());
}

Result<BufferPtr> allocate_bits(int64_t rows, bool value) {
  DF_ASSIGN_OR_RETURN(BufferPtr bits, allocate(word_count(rows) * 8));
  std::memset(bits->mutable_data(), value ? 0xFF : 0, static_cast<size_t>(bits->size()));
  return bits;
}

Result<BufferPtr> validity_of(const arrow::Array& column) {
  if (column.null_count() == 0) return BufferPtr();
  if (column.null_bitmap() == nullptr) return allocate_bits(column.length(), false);  // type NULL
  return realigned(column.null_bitmap(), column.offset(), column.length());
}

Result<BufferPtr> bits_of(const arrow::Array& column) {
  return realigned(column.data()->buffers[1], column.offset(), column.length());
}

Result<Nulls> Nulls::of(const std::vector<Input>& inputs, int64_t rows) {
  Nulls nulls(rows);
  for (const Input& input : inputs) {
    DF_ASSIGN_OR_RETURN(BufferPtr bits, validity_of(*input.column));
    if (bits == nullptr) continue;
    if (input.constant) {
      DF_ASSIGN_OR_RETURN(bits, allocate_bits(rows, false));
    }
    if (nulls.bits_ == nullptr) {
      nulls.bits_ = std::move(bits);
      continue;
    }
    if (!nulls.owned_) {
      DF_ASSIGN_OR_RETURN(BufferPtr copy, allocate(word_count(rows) * 8));
      std::memcpy(copy->mutable_data(), nulls.bits_->data(),
                  static_cast<size_t>(word_count(rows) * 8));
      nulls.bits_ = std::move(copy);
      nulls.owned_ = true;
    }
    uint64_t* out = words_of(nulls.bits_);
    const uint64_t* in = const_words_of(bits);
    for (int64_t i = 0; i < word_count(rows); ++i) out[i] &= in[i];
  }
  return nulls;
}

Status Nulls::set_null(int64_t row) {
  if (!owned_) {
    DF_ASSIGN_OR_RETURN(BufferPtr copy, allocate_bits(rows_, true));
    if (bits_ != nullptr) {
      std::memcpy(copy->mutable_data(), bits_->data(), static_cast<size_t>(word_count(rows_) * 8));
    }
    bits_ = std::move(copy);
    owned_ = true;
  }
  arrow::bit_util::ClearBit(bits_->mutable_data(), row);
  return {};
}

std::vector<int32_t> rows_of(const uint64_t* words, int64_t rows, const Selection& selection) {
  std::vector<int32_t> chosen;
  if (!selection.all) {
    for (int32_t row : selection.rows) {
      if ((words[row / 64] >> (row % 64) & 1) != 0) chosen.push_back(row);
    }
    return chosen;
  }
  int64_t count = 0;
  for (int64_t i = 0; i < word_count(rows); ++i) count += std::popcount(words[i]);
  chosen.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < word_count(rows); ++i) {
    uint64_t word = words[i];
    if ((i + 1) * 64 > rows) word &= (uint64_t{1} << (rows - i * 64)) - 1;
    for (; word != 0; word &= word - 1) {
      chosen.push_back(static_cast<int32_t>(i * 64 + std::countr_zero(word)));
    }
  }
  return chosen;
}

ColumnPtr make_array(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                     std::vector<BufferPtr> buffers) {
  int64_t nulls = buffers[0] == nullptr ? 0 : arrow::kUnknownNullCount;
  return arrow::MakeArray(arrow::ArrayData::Make(layout, rows, std::move(buffers), nulls));
}

ColumnPtr make_nested(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                      std::vector<BufferPtr> buffers, const std::vector<ColumnPtr>& children) {
  const int64_t nulls = buffers[0] == nullptr ? 0 : arrow::kUnknownNullCount;
  std::vector<std::shared_ptr<arrow::ArrayData>> data;
  for (const ColumnPtr& child : children) data.push_back(child->data());
  return arrow::MakeArray(
      arrow::ArrayData::Make(layout, rows, std::move(buffers), std::move(data), nulls));
}

Result<ColumnPtr> all_null(const std::shared_ptr<arrow::DataType>& layout, int64_t rows) {
  auto made = arrow::MakeArrayOfNull(layout, rows);
  if (!made.ok()) return from_arrow(made.status());
  return ColumnPtr(std::move(made).ValueUnsafe());
}

Status TextWriter::open(int64_t rows) {
  DF_ASSIGN_OR_RETURN(buffer_, allocate((rows + 1) * 4));
  offsets_ = reinterpret_cast<int32_t*>(buffer_->mutable_data());
  return {};
}

Result<ColumnPtr> TextWriter::finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                                     const Nulls& nulls) {
  if (too_large()) {
    return Status::too_large("the texts of one batch take more than 2 GiB; make batches smaller");
  }
  begin_row(rows);
  return make_array(layout, rows,
                    {nulls.bits(), buffer_, arrow::Buffer::FromString(std::move(bytes_))});
}

}  // namespace dataflow::expr
