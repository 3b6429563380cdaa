#include "column_writer.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <limits>

#include "nested_values.h"
#include "types/type.h"

namespace dataflow::engine {
namespace {

std::shared_ptr<arrow::Buffer> packed_bits(const uint8_t* bytes, size_t rows) {
  std::string bits((rows + 7) / 8, '\0');
  auto* out = reinterpret_cast<uint8_t*>(bits.data());
  for (size_t i = 0; i < rows; ++i) {
    if (bytes[i] != 0) arrow::bit_util::SetBit(out, static_cast<int64_t>(i));
  }
  return arrow::Buffer::FromString(std::move(bits));
}

}  // namespace

ColumnWriter::ColumnWriter(Type type) : type_(std::move(type)), width_(fixed_width_of(type_)) {}

void ColumnWriter::put_null() {
  valid_.push_back(0);
  bytes_.append(width_, '\0');
  if (width_ == 0) ends_.push_back(bytes_.size());
}

void ColumnWriter::put_float(double value) {
  valid_.push_back(1);
  if (width_ == sizeof(double)) return append(&value, sizeof value);
  const auto narrow = static_cast<float>(value);
  append(&narrow, sizeof narrow);
}

void ColumnWriter::clear() {
  bytes_.clear();
  ends_.clear();
  valid_.clear();
}

Result<ColumnPtr> ColumnWriter::take_nested() {
  NestedReader reader(type_);
  const char* at = bytes_.data();
  for (size_t i = 0; i < valid_.size(); ++i) {
    if (valid_[i] == 0) {
      reader.add_null();
    } else {
      DF_RETURN_IF_ERROR(reader.add(at, bytes_.data() + ends_[i]));
    }
  }
  clear();
  return reader.finish();
}

Result<ColumnPtr> ColumnWriter::take() {
  if (type_.is_nested()) return take_nested();
  const size_t rows = valid_.size();
  const auto nulls = static_cast<int64_t>(std::ranges::count(valid_, 0));
  std::vector<std::shared_ptr<arrow::Buffer>> buffers{
      nulls == 0 ? nullptr : packed_bits(valid_.data(), rows)};
  if (width_ == 0) {
    if (bytes_.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
      clear();
      return Status::too_large("the texts of one batch of results take more than 2 GiB");
    }
    std::vector<int32_t> offsets{0};
    offsets.reserve(rows + 1);
    for (const uint64_t end : ends_) offsets.push_back(static_cast<int32_t>(end));
    buffers.push_back(arrow::Buffer::FromVector(std::move(offsets)));
    buffers.push_back(arrow::Buffer::FromString(std::exchange(bytes_, {})));
  } else if (type_.id() == TypeId::kBoolean) {
    buffers.push_back(packed_bits(reinterpret_cast<const uint8_t*>(bytes_.data()), rows));
  } else {
    buffers.push_back(arrow::Buffer::FromString(std::exchange(bytes_, {})));
  }
  ColumnPtr column = arrow::MakeArray(arrow::ArrayData::Make(
      arrow_type(type_), static_cast<int64_t>(rows), std::move(buffers), nulls));
  clear();
  return column;
}

}  // namespace dataflow::engine
