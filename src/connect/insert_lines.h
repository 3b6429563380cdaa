// Rows as lines, for sinks that can only tell of rows that are new.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/encoder.h"
#include "types/batch.h"

namespace dataflow::connect {

// add(row, line) for each row, which returns a Status; rows that cannot be encoded, or are changes
// of others, go into `faults`. `lines` is memory to be used again.
template <class Add>
Status add_insert_lines(format::Encoder& encoder, const Batch& batch, format::EncodedRows& lines,
                        std::vector<RowFault>& faults, std::string_view why_no_change, Add&& add) {
  size_t next_fault = faults.size();
  lines.clear();
  DF_RETURN_IF_ERROR(encoder.encode(batch, lines, faults));
  const size_t faults_end = faults.size();
  for (size_t row = 0; row < lines.size(); ++row) {
    if (next_fault < faults_end && faults[next_fault].row == static_cast<int64_t>(row)) {
      ++next_fault;
      continue;
    }
    const RowKind kind = batch.kind(static_cast<int64_t>(row));
    if (kind != RowKind::kInsert) {
      faults.push_back(
          {static_cast<int64_t>(row), "",
           "a change (" + std::string(row_kind_name(kind)) + ") " + std::string(why_no_change)});
      continue;
    }
    DF_RETURN_IF_ERROR(add(static_cast<int64_t>(row), lines[row]));
  }
  return {};
}

}  // namespace dataflow::connect
