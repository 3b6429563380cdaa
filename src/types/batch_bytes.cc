#include "types/batch_bytes.h"

#include <arrow/array.h>
#include <arrow/util/byte_size.h>

namespace dataflow {

int64_t own_bytes(const Batch& batch) {
  const size_t kinds = batch.kinds == nullptr ? 0 : batch.kinds->size() * sizeof(RowKind);
  auto bytes = static_cast<int64_t>(kinds);
  for (const ColumnPtr& column : batch.columns) {
    const arrow::Result<int64_t> own = arrow::util::ReferencedBufferSize(*column);
    bytes += own.ok() ? *own : arrow::util::TotalBufferSize(*column);
  }
  return bytes;
}

}  // namespace dataflow
