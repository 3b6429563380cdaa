#include "row_text.h"

namespace dataflow::engine {

std::string row_text(const Batch& batch, int64_t row) {
  std::string text = "{";
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    if (i > 0) text += ", ";
    const Field& field = (*batch.schema)[i];
    text += field.name + "=" + value_at(field.type, *batch.columns[i], row).to_string();
  }
  return text + "}";
}

void name_origin(const RowOrigins& origins, int64_t row, DeadRow& dead) {
  for (const RowOrigins::Run& run : origins.runs) {
    if (run.first_row > row) break;
    dead.source = run.source;
    dead.split = run.split;
  }
  dead.offset = origins.offsets[static_cast<size_t>(row)];
}

}  // namespace dataflow::engine
