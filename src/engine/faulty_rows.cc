#include "faulty_rows.h"

namespace dataflow::engine {

Status send_faults(OperatorContext& context, const Batch& batch,
                   const std::vector<RowFault>& faults) {
  for (const RowFault& fault : faults) {
    DF_RETURN_IF_ERROR(
        context.dead_letter(batch, fault.row, DeadReason::kExpression, fault.field, fault.reason));
  }
  return {};
}

std::vector<int32_t> without_faults(const expr::Selection& selection,
                                    const std::vector<RowFault>& faults, int64_t rows) {
  std::vector<bool> faulty(faults.empty() ? 0 : static_cast<size_t>(rows), false);
  for (const RowFault& fault : faults) faulty[static_cast<size_t>(fault.row)] = true;
  std::vector<int32_t> kept;
  const auto keep = [&](int32_t row) {
    if (faulty.empty() || !faulty[static_cast<size_t>(row)]) kept.push_back(row);
  };
  if (selection.all) {
    for (int32_t row = 0; row < rows; ++row) keep(row);
  } else {
    for (const int32_t row : selection.rows) keep(row);
  }
  return kept;
}

}  // namespace dataflow::engine
