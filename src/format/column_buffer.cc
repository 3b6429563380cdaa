#include "column_buffer.h"

#include <arrow/array.h>
#include <arrow/array/data.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include <algorithm>

#include "types/arrow_status.h"

namespace dataflow::format {
namespace {

constexpr int64_t kLeastCapacity = 256;

// Without memory there is nothing to be done here, nor in anything that asked for it.
void abort_unless(const arrow::Status& status) {
  if (!status.ok()) status.Abort("the memory of a column");
}

// One byte a row to one bit a row.
std::shared_ptr<arrow::Buffer> packed(const uint8_t* bytes, int64_t rows) {
  auto buffer = arrow::AllocateBuffer(arrow::bit_util::BytesForBits(rows)).ValueOrDie();
  uint8_t* const bits = buffer->mutable_data();
  std::fill(bits, bits + buffer->size(), uint8_t{0});
  for (int64_t i = 0; i < rows; ++i) {
    bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | (bytes[i] & 1) << (i % 8));
  }
  return buffer;
}

}  // namespace

void GrowingBytes::grow(int64_t extra) {
  const int64_t wanted = std::max({size_ + extra, capacity_ * 2, last_size_, kLeastCapacity});
  if (buffer_ == nullptr) {
    buffer_ = arrow::AllocateResizableBuffer(wanted).ValueOrDie();
  } else {
    abort_unless(buffer_->Resize(wanted, false));
  }
  data_ = buffer_->mutable_data();
  capacity_ = buffer_->size();
}

std::shared_ptr<arrow::Buffer> GrowingBytes::take() {
  if (buffer_ == nullptr) grow(0);
  abort_unless(buffer_->Resize(size_, false));
  last_size_ = size_;
  data_ = nullptr;
  size_ = capacity_ = 0;
  return std::move(buffer_);
}

ColumnBuffer::ColumnBuffer(const Type& type)
    : type_(type), arrow_type_(arrow_type(type)), width_(static_cast<int>(fixed_width_of(type))) {
  is_text_ = is_text_like(type);
  for (const Field& field : type.fields()) children_.emplace_back(field.type);
  if (has_offsets()) values_.push(int32_t{0});
}

void ColumnBuffer::append_null() {
  if (valid_.empty()) valid_.assign(static_cast<size_t>(rows_), 1);
  valid_.push_back(0);
  ++rows_;
  if (has_offsets()) {
    values_.push(values_.get<int32_t>(rows_ - 1));
  } else if (width_ > 0) {
    std::memset(values_.room(width_), 0, static_cast<size_t>(width_));
    values_.advance(width_);
  }
  if (type_.id() == TypeId::kRow) {
    for (ColumnBuffer& child : children_) child.append_null();
  }
}

void ColumnBuffer::end_nested() {
  if (type_.id() != TypeId::kRow) values_.push(static_cast<int32_t>(children_[0].rows()));
  count_valid();
}

void ColumnBuffer::truncate(int64_t rows) {
  rows_ = rows;
  if (!valid_.empty()) valid_.resize(static_cast<size_t>(rows));
  if (has_offsets()) {
    values_.truncate((rows + 1) * static_cast<int64_t>(sizeof(int32_t)));
    const int32_t end = values_.get<int32_t>(rows);
    if (is_text_) data_.truncate(end);
    for (ColumnBuffer& child : children_) child.truncate(end);
    return;
  }
  values_.truncate(rows * width_);
  for (ColumnBuffer& child : children_) child.truncate(rows);
}

std::shared_ptr<arrow::ArrayData> ColumnBuffer::take_data() {
  std::vector<std::shared_ptr<arrow::Buffer>> buffers;
  int64_t nulls = std::count(valid_.begin(), valid_.end(), uint8_t{0});
  if (type_.id() == TypeId::kNull) {
    nulls = rows_;
    buffers.push_back(nullptr);
  } else {
    buffers.push_back(nulls == 0 ? nullptr : packed(valid_.data(), rows_));
  }
  if (type_.id() == TypeId::kBoolean) {
    buffers.push_back(packed(values_.data(), rows_));
    values_.truncate(0);
  } else if (has_offsets() || width_ > 0) {
    buffers.push_back(values_.take());
  }
  if (is_text_) buffers.push_back(data_.take());
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (ColumnBuffer& child : children_) children.push_back(child.take_data());
  if (type_.id() == TypeId::kMap) {
    const auto& entries = static_cast<const arrow::MapType&>(*arrow_type_).value_type();
    const int64_t length = children[0]->length;
    children = {arrow::ArrayData::Make(entries, length, {nullptr}, std::move(children), 0)};
  }
  auto out =
      arrow::ArrayData::Make(arrow_type_, rows_, std::move(buffers), std::move(children), nulls);
  rows_ = 0;
  valid_.clear();
  if (has_offsets()) values_.push(int32_t{0});
  return out;
}

Result<ColumnPtr> ColumnBuffer::take() { return arrow::MakeArray(take_data()); }

Result<std::vector<ColumnPtr>> take_columns(std::vector<ColumnBuffer>& columns) {
  std::vector<ColumnPtr> out;
  for (ColumnBuffer& column : columns) {
    DF_ASSIGN_OR_RETURN(ColumnPtr taken, column.take());
    out.push_back(std::move(taken));
  }
  return out;
}

}  // namespace dataflow::format
