#include "column_view.h"

#include <arrow/buffer.h>
#include <arrow/type.h>

namespace dataflow::format {
namespace {

const uint8_t* bytes_of(const arrow::ArrayData& data, size_t i) {
  if (data.buffers.size() <= i || data.buffers[i] == nullptr) return nullptr;
  return data.buffers[i]->data();
}

}  // namespace

ColumnView::ColumnView(const Type& column_type, const arrow::ArrayData& data, int64_t inherited)
    : type(&column_type),
      all_null(column_type.id() == TypeId::kNull),
      offset(data.offset + inherited) {
  validity = bytes_of(data, 0);
  values = bytes_of(data, 1);
  bytes = bytes_of(data, 2);
  width = data.type->bit_width() > 0 ? data.type->bit_width() / 8 : 0;
  const std::vector<Field>& fields = column_type.fields();
  if (column_type.id() == TypeId::kArray) {
    children.emplace_back(fields[0].type, *data.child_data[0]);
  } else if (column_type.id() == TypeId::kMap) {
    const arrow::ArrayData& entries = *data.child_data[0];
    for (size_t i = 0; i < 2; ++i) {
      children.emplace_back(fields[i].type, *entries.child_data[i], entries.offset);
    }
  } else if (column_type.id() == TypeId::kRow) {
    for (size_t i = 0; i < fields.size(); ++i) {
      children.emplace_back(fields[i].type, *data.child_data[i], offset);
    }
  }
}

}  // namespace dataflow::format
